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
    var random = RandomMessages(seed: seed)
    for round in 0..<8000 {
      let message = random.next()
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
    let swapper = try HostThread { exchange(one, other) }
    for _ in 0..<1000 {
      for message: NinePMessage in [
        .walk(0, 1, "d", "x"), .walk(0, 2, "d"), .create(2, "made"), .change(1, 1, mode: 0o777), .change(1, 8),
        .open(1, 2), .write(1, 0, [1]), .clunk(1), .clunk(2), .walk(0, 2, "d"), .makeDirectory(2, "dir"),
        .symlink(2, "s", "t"), .rename(2, "dir", 2, "gone"), .unlink(2, "gone", 0x200), .unlink(2, "s"),
        .unlink(2, "made"), .clunk(2),
      ] { _ = try served.client.call(message) }
    }
    swapper.stop()
    #expect(try FileList.names(outside.path) == ["x"])
    var status = stat()
    #expect(lstat(outside.path + "/x", &status) == 0 && status.st_mode & 0o777 == 0o600 && status.st_size == 0)
  }
}
