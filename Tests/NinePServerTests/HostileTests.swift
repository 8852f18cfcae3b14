import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

/// Clients that want to wear the server out, or to see it trip.
@Suite("Hostile clients", .eitherWay)
struct HostileTests {
  private func descriptors() -> Int {
    (try? FileList.names("/proc/self/fd").count) ?? -1
  }

  /// Resident bytes.
  private func memory() -> Int {
    let file = open("/proc/self/statm", O_RDONLY)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 200)
    let count = read(file, &bytes, bytes.count)
    let words = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
    return words.count > 1 ? (Int(words[1]) ?? 0) * 4096 : 0
  }

  @Test("requests that fail, and those that are done, leave nothing behind", .timeLimit(.minutes(2)))
  func flat() throws {
    let served = try Served()
    served.write("text", to: "file")
    mkdir(served.path("directory"), 0o755)
    setxattr(served.path("file"), "user.a", "0123456789", 10, 0)
    try served.client.start()
    try served.client.done(.walk(0, 1, "file"))
    let round: [NinePMessage] = [
      .walk(0, 2, "file"), .walk(0, 2, "file"), .walk(0, 3, "directory", "..", "directory", "nothing"), .open(2, 2),
      .open(2, 2), .clunk(2), .clunk(2), .walk(0, 2, "directory"), .create(2, "new"), .write(2, 0, [1]),
      .unlink(0, "directory", 0x200), .walk(0, 4, "directory", "new"), .clunk(2), .clunk(4),
      .walkAttribute(1, 2, "user.a"), .walkAttribute(1, 2, "user.a"), .walkAttribute(1, 4, "user.none"), .clunk(2),
      .walk(1, 2), .createAttribute(2, "user.b", 65_536), .createAttribute(2, "user.b", 10), .clunk(2), .attach(2),
      .attach(2), .remove(2), .walk(0, 2), .open(2), .list(2), .list(2, 77), .clunk(2), .link(0, 1, "hard"),
      .unlink(0, "hard"), .readLink(1), .walk(0, 2, Array(repeating: "directory", count: 16)),
    ]
    for _ in 0..<300 { for message in round { _ = try served.client.call(message) } }
    // What came back from a helper it closes a moment later.
    func settled() -> Int {
      usleep(20_000)
      return descriptors()
    }
    let (before, used) = (settled(), memory())
    for _ in 0..<3000 { for message in round { _ = try served.client.call(message) } }
    #expect(settled() == before)
    #expect(memory() - used < 1 << 20)
    #expect(served.ending() == .closed)
    // All that its session held has gone with it; so have the client's end and the server's.
    #expect(descriptors() < before)
  }

  @Test("any message on any fid is answered", .timeLimit(.minutes(2)), arguments: 1...4)
  func random(seed: UInt64) throws {
    let served = try Served(fids: 40)
    let outside = try TemporaryDirectory()
    symlink(outside.path, served.path("l"))
    symlink("/", served.path("m"))
    mkfifo(served.path("p"), 0o666)
    try served.client.start()
    var random = Numbers(state: seed)
    let types: [UInt8] = [
      8, 12, 14, 16, 18, 20, 22, 24, 26, 30, 32, 40, 50, 52, 54, 70, 72, 74, 76, 102, 104, 108, 110, 110, 110, 116, 118,
      120, 122,
    ]
    for round in 0..<8000 {
      let message = random.message(types[random.below(types.count)])
      let answer = try served.client.call(message, tag: UInt16(round & 0x7fff))
      #expect(answer.type == 7 || answer.type == message.type + 1)
      // The root is what the rest begins with.
      if round % 50 == 0 { _ = try served.client.call(.attach(0)) }
    }
    #expect(served.ending() == .closed)
    #expect(try FileList.names(outside.path) == [])
  }

  @Test("a directory that becomes a link, and back, while clients go through it", .timeLimit(.minutes(2)))
  func swapped() throws {
    let served = try Served()
    let outside = try TemporaryDirectory()
    close(open(outside.path + "/x", O_CREAT | O_WRONLY, 0o600))
    mkdir(served.path("d"), 0o755)
    symlink(outside.path, served.path("l"))
    try served.client.start()
    let (one, other) = (served.path("d"), served.path("l"))
    let swapper = Repeated { exchange(one, other) }
    for _ in 0..<1000 {
      for message: NinePMessage in [
        .walk(0, 1, "d", "x"), .walk(0, 2, "d"), .create(2, "made"), .change(1, 1, mode: 0o777), .change(1, 8),
        .open(1, 2), .write(1, 0, [1]), .clunk(1), .clunk(2), .walk(0, 2, "d"), .makeDirectory(2, "dir"),
        .symlink(2, "s", "t"), .rename(2, "dir", 2, "gone"), .unlink(2, "gone", 0x200), .unlink(2, "s"),
        .unlink(2, "made"), .clunk(2),
      ] { _ = try served.client.call(message) }
    }
    swapper.end()
    #expect(try FileList.names(outside.path) == ["x"])
    var status = stat()
    #expect(lstat(outside.path + "/x", &status) == 0 && status.st_mode & 0o777 == 0o600 && status.st_size == 0)
  }
}

/// Exchanges two names. The system call is `renameat2(RENAME_EXCHANGE)`.
private func exchange(_ one: String, _ other: String) {
  _ = renameat2(AT_FDCWD, one, AT_FDCWD, other, 2)
}

@_silgen_name("renameat2")
private func renameat2(
  _ from: CInt, _ old: UnsafePointer<CChar>, _ to: CInt, _ new: UnsafePointer<CChar>, _ flags: CUnsignedInt
) -> CInt

/// A thread that does something again and again.
private final class Repeated: @unchecked Sendable {
  private let body: @Sendable () -> Void
  private let lock = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
  private var thread = pthread_t()

  init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
    lock.initialize(to: 0)
    pthread_create(
      &thread, nil,
      { raw in
        guard let raw else { return nil }
        let repeated = Unmanaged<Repeated>.fromOpaque(raw).takeRetainedValue()
        while repeated.lock.pointee == 0 { repeated.body() }
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
  }

  func end() {
    lock.pointee = 1
    pthread_join(thread, nil)
  }
}

/// Numbers that look random, the same in every run.
private struct Numbers {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state ^ (state >> 29)) &* 0x9e37_79b9_7f4a_7c15 >> 7
  }

  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

  mutating func number(_ bits: UInt64) -> UInt64 {
    switch below(4) {
    case 0: UInt64(below(16))
    case 1: UInt64(below(5000))
    case 2: (bits < 64 ? (1 << bits) - 1 : .max) &- UInt64(below(3))
    default: next() & (bits < 64 ? (1 << bits) - 1 : .max)
    }
  }

  mutating func name() -> String {
    ["a", "b", "c", "d", "l", "m", "p", "..", ".", "", "a/b", "user.a", "user.b", String(repeating: "n", count: 255)][
      below(14)]
  }

  mutating func fid() -> UInt32 { below(20) == 0 ? UInt32(truncatingIfNeeded: next()) : UInt32(below(12)) }

  /// A message of this type whose fields are mostly of use.
  mutating func message(_ type: UInt8) -> NinePMessage {
    func flags(_ value: UInt64) -> UInt32 { UInt32(value & 3) | (value & 4 == 0 ? 0 : 0o1000) }
    let (fid, other) = (fid(), fid())
    var message: NinePMessage
    switch type {
    case 12: message = .open(fid, below(8) == 0 ? UInt32(number(32)) : flags(next()))
    case 14: message = .create(fid, name(), flags(next()), mode: UInt32(number(32)))
    case 16: message = .symlink(fid, name(), name())
    case 18: message = .makeNode(fid, name(), mode: [0o10644, 0o100644, 0o140600, 0, 0o170777][below(5)])
    case 20: message = NinePMessage(20, .four(fid), .four(other), .text(name()))
    case 24: message = .status(fid)
    case 26:
      message = .change(
        fid, UInt32(below(0x200)), mode: UInt32(number(32)), uid: .max, gid: .max, size: number(20),
        accessNanoseconds: number(64))
    case 30: message = .walkAttribute(fid, other, name())
    case 32: message = .createAttribute(fid, name(), number(64), UInt32(below(5)))
    case 40: message = .list(fid, number(64), UInt32(number(32)))
    case 52: message = .lock(fid, UInt8(below(4)), flags: UInt32(below(4)), number(64), number(64))
    case 54: message = .getLock(fid, UInt8(below(4)), number(64), number(64))
    case 70: message = .link(fid, other, name())
    case 72: message = .makeDirectory(fid, name(), mode: UInt32(number(12)))
    case 74: message = .rename(fid, name(), other, name())
    case 76: message = .unlink(fid, name(), below(2) == 0 ? 0 : 0x200)
    case 102: message = NinePMessage(102, .four(fid), .text(name()), .text(name()), .four(0))
    case 104: message = .attach(fid, user: UInt32(number(32)))
    case 108: message = .flush(UInt16(number(16)))
    case 110: message = .walk(fid, other, (0..<below(5)).map { _ in name() })
    case 116: message = .read(fid, number(64), UInt32(number(32)))
    case 118: message = .write(fid, number(20), Array(repeating: 1, count: below(200)))
    default: message = NinePMessage(type, .four(fid))
    }
    if below(40) == 0, !message.body.isEmpty { message.body.removeLast(1 + below(message.body.count)) }
    return message
  }
}
