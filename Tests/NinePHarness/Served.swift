import Monitor
import CLinux
import Export
import Glibc
import HelperHarness
import Linux
import MonitoredExport
import NinePServer
import ProxyServer
import Serving
import Synchronization
import SystemPackage

/// How sessions in this process come to their files.
package enum Way: Sendable, CaseIterable {
  /// By themselves.
  case inProcess
  /// By a helper on another thread, which does what would take privilege.
  case split

  /// That of what ``Served`` serves.
  @TaskLocal package static var current = Way.inProcess
}

/// A fresh directory, served to a raw client in this process: what it sends needn't be 9P.
package final class Served: Sendable {
  package let directory: TemporaryDirectory
  package let client: Client
  private let thread: ServingThread
  private let locks: LockTable
  private let gate: Gate?

  /// `begin` is called on the thread that serves. `other` is who is served the same directory, and `gate` holds up those
  /// who read and write.
  package init(
    authority: Authority? = nil, readOnly: Bool = false, keepsToMount: Bool = false, fids: Int = 1000,
    memory: MemoryBudget = MemoryBudget(1 << 30, clients: 1), threads: ThreadBudget = ThreadBudget(16),
    attachTimeout: Int = NinePServer.attachTimeout, beside other: Served? = nil, accounts: Accounts = Accounts(),
    gate: Gate? = nil, begin: @escaping @Sendable () -> Void = {}
  ) throws {
    directory = try other?.directory ?? TemporaryDirectory()
    locks = other?.locks ?? LockTable()
    self.gate = gate
    var ends: [CInt] = [-1, -1]
    guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw HarnessError("socketpair: errno \(errno)")
    }
    client = Client(ends[0])
    let own = try Identity(uid: geteuid(), gid: getegid())
    let terms = NinePServer.Terms(
      authority: authority ?? .one(own), accounts: accounts, trees: .one(Array("/tree".utf8)),
      keepsToMount: keepsToMount,
      descriptors: DescriptorBudget(fids, clients: 1), memory: memory, threads: threads, locks: locks,
      attachTimeout: attachTimeout)
    thread = try ServingThread(
      directory.path, ends[1], terms, readOnly: readOnly, Way.current, Transport.current, gate, begin)
  }

  /// A path in the directory, for the host's side.
  package func path(_ name: String) -> String { directory.path + "/" + name }

  /// A file of this text, made behind the server's back.
  package func write(_ text: String, to name: String) {
    let file = open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    _ = Glibc.write(file, text, text.utf8.count)
    close(file)
  }

  package func text(of name: String) -> String? {
    let file = open(path(name), O_RDONLY)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  /// How the server ended, after the client has hung up.
  package func ending() -> Ending? {
    client.hangUp()
    return thread.ending()
  }

  deinit {
    // A test that has failed leaves it closed.
    gate?.open()
    _ = ending()
  }
}

/// How far a thread is that nobody joins.
private final class Mark: Sendable {
  private let isSet = Atomic(false)

  func set() { isSet.store(true, ordering: .releasing) }

  func wait() {
    while !isSet.load(ordering: .acquiring) { usleep(200) }
  }
}

/// The thread of one server, with a working directory of its own.
private final class ServingThread: @unchecked Sendable {
  private let directory: String
  private let socket: CInt
  private let terms: NinePServer.Terms
  private let readOnly: Bool
  private let way: Way
  private let transport: Transport
  private let gate: Gate?
  private let begin: @Sendable () -> Void
  private var thread = pthread_t()
  private var isJoined = false
  private var result: Ending?

  init(
    _ directory: String, _ socket: CInt, _ terms: NinePServer.Terms, readOnly: Bool, _ way: Way,
    _ transport: Transport, _ gate: Gate?, _ begin: @escaping @Sendable () -> Void
  ) throws {
    self.directory = directory
    self.socket = socket
    self.terms = terms
    self.readOnly = readOnly
    self.way = way
    self.transport = transport
    self.gate = gate
    self.begin = begin
    let job = Unmanaged.passRetained(self)
    let code = pthread_create(
      &thread, nil,
      { raw in
        guard let raw else { return nil }
        Unmanaged<ServingThread>.fromOpaque(raw).takeRetainedValue().run()
        return nil
      }, job.toOpaque())
    guard code == 0 else { throw HarnessError("pthread_create: \(code)") }
  }

  private func run() {
    let socket = Descriptor(adopting: socket)
    begin()
    do throws(Errno) {
      switch way {
      case .inProcess:
        let export = try Self.prepare(directory, terms, readOnly: readOnly)
        result = serve(export, on: socket)
      case .split:
        var ends = try PacketSocketPair()
        guard let ours = ends.takeEnd(), let theirs = ends.takeEnd()?.release() else { return }
        let (hasBegun, hasEnded) = (Mark(), Mark())
        defer { hasEnded.wait() }
        try Linux.Thread.start { [directory, terms, readOnly, begin] in
          defer {
            hasBegun.set()
            hasEnded.set()
          }
          begin()
          let theirs = Descriptor(adopting: theirs)
          do throws(Errno) {
            let export = try Self.prepare(directory, terms, readOnly: readOnly)
            hasBegun.set()
            _ = Monitor.serve(export, on: theirs)
          } catch {}
        }
        hasBegun.wait()
        let root = Descriptor(adopting: open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        if geteuid() == 0 { try Linux.Thread.become(ThreadUser(try Identity(uid: 65_534, gid: 65_534))) }
        let files = try MonitoredExport(
          try ExportTree(root, boundary: .checked), monitor: ours, looksItself: terms.authority == .trusted)
        result = serve(files, on: socket)
      }
    } catch {
      result = .failed(error)
    }
  }

  private func serve<Files: FileSystem & ~Copyable>(
    _ files: consuming Files, on socket: borrowing Descriptor
  ) -> Ending {
    guard let gate else { return serveUngated(files, on: socket) }
    return serveUngated(SlowFiles(files, gate), on: socket)
  }

  private func serveUngated<Files: FileSystem & ~Copyable>(
    _ files: consuming Files, on socket: borrowing Descriptor
  ) -> Ending {
    guard transport == .ring else { return NinePServer.serve(files, on: socket, terms: terms) }
    do {
      let bridge = try RingBridge(dup(socket.rawValue))
      defer { bridge.finish() }
      return NinePServer.serve(files, on: bridge.queue, terms: terms)
    } catch {
      return .failed(.ioError)
    }
  }

  /// Makes the calling thread one that serves the directory itself.
  private static func prepare(_ directory: String, _ terms: NinePServer.Terms, readOnly: Bool) throws(Errno)
    -> Export
  {
    guard unshare(CL_CLONE_FS) == 0 else { throw Errno(rawValue: errno) }
    umask(0)
    if case .one(let user) = terms.authority, geteuid() == 0, user.uid != 0 {
      try Linux.Thread.become(ThreadUser(user))
    }
    let root = Descriptor(adopting: open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
    let links = try DescriptorLinks.inPlace().enter()
    return try Export(try ExportTree(root, boundary: .checked), links: links, readOnly: readOnly)
  }

  func ending() -> Ending? {
    if !isJoined { pthread_join(thread, nil) }
    isJoined = true
    return result
  }
}
