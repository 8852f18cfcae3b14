import Glibc
import Synchronization

/// A FUSE file system of a directory with a file called `file`, which only one user may use, or everybody. Reading the file and
/// making a directory take a while.
package final class FuseFiles: Sendable {
  package static let text = Array("slow".utf8)

  private let path: String
  private let device: CInt
  private let pause: UInt32
  private let begun = Atomic(0)
  private let thread = Atomic<UInt>(0)

  /// Mounts it. That takes root.
  ///
  /// - Parameters:
  ///   - path: a directory.
  ///   - user: whose it is.
  ///   - isForAll: whether others may use it: `allow_other`.
  ///   - pause: microseconds that slow requests take.
  package init(at path: String, of user: uid_t = 0, isForAll: Bool, pause: UInt32 = 0) throws {
    self.path = path
    self.pause = pause
    device = open("/dev/fuse", O_RDWR | O_CLOEXEC)
    guard device >= 0 else { throw HarnessError("/dev/fuse: errno \(errno)") }
    let options = "fd=\(device),rootmode=40000,user_id=\(user),group_id=\(user)" + (isForAll ? ",allow_other" : "")
    guard mount("postern-test", path, "fuse", UInt(Glibc.MS_NOSUID | Glibc.MS_NODEV), options) == 0 else {
      let code = errno
      close(device)
      throw HarnessError("mount \(path): errno \(code)")
    }
    var identifier = pthread_t()
    let result = pthread_create(
      &identifier, nil,
      { raw in
        guard let raw else { return nil }
        Unmanaged<FuseFiles>.fromOpaque(raw).takeUnretainedValue().serve()
        return nil
      }, Unmanaged.passUnretained(self).toOpaque())
    guard result == 0 else { throw HarnessError("pthread_create: \(result)") }
    thread.store(UInt(identifier), ordering: .relaxed)
  }

  /// Whether there can be one here.
  package static var isThere: Bool { access("/dev/fuse", R_OK | W_OK) == 0 && geteuid() == 0 }

  /// How many slow requests have begun.
  package var slowRequests: Int { begun.load(ordering: .relaxed) }

  /// Takes it away, before its place is.
  package func unmount() { umount2(path, CInt(MNT_DETACH)) }

  deinit {
    unmount()
    pthread_join(pthread_t(thread.load(ordering: .relaxed)), nil)
    close(device)
  }

  private func serve() {
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var made: Set<[UInt8]> = []
    while true {
      let count = read(device, &buffer, buffer.count)
      if count < 0, errno == EINTR || errno == ENOENT { continue }
      guard count >= 40 else { return }
      answer(Array(buffer[..<count]), &made)
    }
  }

  private func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
    (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
  }

  private func answer(_ request: [UInt8], _ made: inout Set<[UInt8]>) {
    let (operation, unique, node) = (number(request, 4, 4), request[8..<16], number(request, 16, 8))
    var (error, body): (CInt, [UInt8]) = (0, [])
    switch operation {
    case 2, 36, 42: return  // FORGET, INTERRUPT and BATCH_FORGET have no answer.
    case 26: body = Self.four(7, 31, 1 << 16, 0) + Self.four(0, 1 << 16, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)  // INIT
    case 3: body = Self.eight(0) + Self.four(0, 0) + Self.attributes(node)  // GETATTR
    case 1:  // LOOKUP
      let name = Array(request[40...].prefix { $0 != 0 })
      if name == Array("file".utf8) || made.contains(name) {
        body = Self.entry(made.contains(name) ? 3 : 2)
      } else {
        error = -ENOENT
      }
    case 14, 27: body = Self.eight(0) + Self.four(1, 0)  // OPEN, with FOPEN_DIRECT_IO, and OPENDIR
    case 15:  // READ
      wait()
      body = number(request, 48, 8) == 0 ? Self.text : []
    case 9:  // MKDIR
      wait()
      made.insert(Array(request[48...].prefix { $0 != 0 }))
      body = Self.entry(3)
    case 28:  // READDIR
      if number(request, 48, 8) == 0 { body = Self.eight(2, 1) + Self.four(4, 8) + Array("file\0\0\0\0".utf8) }
    case 17: body = [UInt8](repeating: 0, count: 80)  // STATFS
    case 18, 25, 29: break  // RELEASE, FLUSH and RELEASEDIR
    default: error = -ENOSYS
    }
    let size = Self.four(UInt32(16 + body.count), UInt32(bitPattern: error))
    let reply = size + unique + body
    _ = write(device, reply, reply.count)
  }

  private func wait() {
    begun.add(1, ordering: .relaxed)
    usleep(pause)
  }

  private static func entry(_ node: UInt64) -> [UInt8] {
    eight(node, 0, 0, 0) + four(0, 0) + attributes(node)
  }

  private static func attributes(_ node: UInt64) -> [UInt8] {
    let isFile = node == 2
    let mode: UInt32 = isFile ? S_IFREG | 0o644 : S_IFDIR | 0o777
    return eight(node, isFile ? UInt64(text.count) : 0, 0, 0, 0, 0) + four(0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)
  }

  private static func four(_ numbers: UInt32...) -> [UInt8] {
    numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) } }
  }

  private static func eight(_ numbers: UInt64...) -> [UInt8] {
    numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) } }
  }
}
