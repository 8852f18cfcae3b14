import CLinux
import Glibc
import NinePHarness
import NinePServer
import Testing

/// What begins a session and ends it, and frames that lie.
@Suite("Sessions", .eitherWay)
struct SessionTests {
  @Test("a message size that is too small", arguments: [0, 1, 7, 23, 24, 4095] as [UInt32])
  func tooSmall(size: UInt32) throws {
    let served = try Served()
    #expect(try served.client.failure(.version(size, "9P2000.L")) == EMSGSIZE)
    #expect(try served.client.failure(.attach(0)) == EPROTO)
    #expect(served.ending() == .closed)
  }

  @Test("a message size that is too large is brought down", arguments: [1 << 24, 1 << 31, .max] as [UInt32])
  func tooLarge(size: UInt32) throws {
    let served = try Served()
    let body = try served.client.done(.version(size, "9P2000.L"))
    #expect(body.u32(0) == 1 << 24)
    try served.client.done(.attach(0))
    try served.client.done(.fileSystem(0))
  }

  @Test("other versions are unknown, and another try is allowed", arguments: ["9P2000", "9P2000.u", "9P2000.L.x", ""])
  func otherVersion(version: String) throws {
    let served = try Served()
    let body = try served.client.done(.version(8192, version))
    #expect(body.all.suffix(7) == Array("unknown".utf8)[...])
    #expect(try served.client.failure(.attach(0)) == EPROTO)
    try served.client.start()
    try served.client.done(.status(0))
  }

  @Test("a version in the midst of a session drops all of it, and commits nothing")
  func reset() throws {
    let served = try Served()
    try served.client.start()
    served.write("", to: "file")
    try served.client.done(.walk(0, 1, "file"))
    try served.client.done(.walk(0, 2, "file"))
    try served.client.done(.open(1, 2))
    try served.client.done(.createAttribute(2, "user.a", 1))
    try served.client.done(.write(2, 0, [7]))
    try served.client.start()
    #expect(try served.client.failure(.status(1)) == EBADF)
    #expect(try served.client.failure(.clunk(2)) == EBADF)
    #expect(getxattr(served.path("file"), "user.a", nil, 0) == -1)
  }

  @Test("the tree's name", arguments: [("", 0), ("/tree", 0), ("/other", ENOENT), ("/", ENOENT)] as [(String, CInt)])
  func tree(name: String, code: CInt) throws {
    let served = try Served()
    try served.client.start()
    #expect(try served.client.failure(.attach(1, tree: name)) == code)
  }

  @Test("authentication isn't there")
  func authentication() throws {
    let served = try Served()
    try served.client.start()
    #expect(
      try served.client.failure(NinePMessage(102, .four(1), .text("root"), .text(""), .four(0))) == ENOENT)
    let attach = NinePMessage(104, .four(5), .four(1), .text(""), .text(""), .four(0))
    #expect(try served.client.failure(attach) == EINVAL)
    #expect(try served.client.failure(.attach(.max)) == EBADF)
  }

  @Test("a frame of a size that there can't be ends the connection", arguments: [0, 6, 65_537, .max] as [UInt32])
  func frameSize(size: UInt32) throws {
    let served = try Served()
    try served.client.start()
    served.client.send(NinePMessage.Field.four(size).bytes + [120, 1, 0, 0, 0, 0, 0])
    #expect(served.client.receive() == nil)
    #expect(served.ending() == .nonsense(type: 120, size: size))
  }

  @Test("before a version is agreed upon, a frame has 8 KiB at most")
  func frameBeforeVersion() throws {
    let served = try Served()
    served.client.send(NinePMessage.Field.four(8193).bytes + [100, 1, 0])
    #expect(served.client.receive() == nil)
    #expect(served.ending() == .nonsense(type: 100, size: 8193))
  }

  @Test("types that aren't requests are answered, and skipped")
  func types() throws {
    let served = try Served()
    try served.client.start()
    let requests: [UInt8] = [
      8, 12, 14, 16, 18, 20, 22, 24, 26, 30, 32, 40, 50, 52, 54, 70, 72, 74, 76, 100, 102, 104, 108, 110, 116, 118, 120,
      122,
    ]
    for type in 0...UInt8.max where !requests.contains(type) {
      #expect(try served.client.failure(NinePMessage(type, .eight(0))) == EOPNOTSUPP, "type \(type)")
    }
    try served.client.done(.status(0))
  }

  @Test("every message, cut at every byte, is refused and changes nothing")
  func truncations() throws {
    let served = try Served()
    try served.client.start()
    served.write("text", to: "file")
    try served.client.done(.walk(0, 1, "file"))
    for message in Samples.all {
      for count in 0..<message.body.count {
        var cut = message
        cut.body = Array(message.body.prefix(count))
        // A Tfsync without its last field is old clients', and a shorter walk may be a whole one of none.
        let answer = try served.client.call(cut)
        if message.type != 50 { #expect(answer.type == 7, "\(message) of \(count) bytes") }
      }
      var long = message
      long.body.append(0)
      #expect(try served.client.call(long).type == 7, "\(message) and a byte")
    }
    #expect(try served.client.done(.status(1)).u64(8 + 13 + 12 + 16) == 4)
    #expect(served.text(of: "file") == "text")
  }

  @Test("flushes are answered, whatever they name")
  func flush() throws {
    let served = try Served()
    try served.client.start()
    for tag: UInt16 in [0, 1, 2, 0xfffe, 0xffff] { try served.client.done(.flush(tag)) }
    // All at once: each has one answer, and that of a flush comes after what it names.
    for tag: UInt16 in 10..<30 {
      served.client.send(NinePMessage.status(0).frame(tag: tag) + NinePMessage.flush(tag).frame(tag: tag + 100))
    }
    var seen: [UInt16] = []
    for _ in 0..<40 { seen.append(try #require(served.client.receive()).tag) }
    #expect(Set(seen).count == 40)
    for tag: UInt16 in 10..<30 {
      #expect(try #require(seen.firstIndex(of: tag)) < (try #require(seen.firstIndex(of: tag + 100))))
    }
  }

  @Test("requests that come at once are answered in their order, whatever the replies' sizes")
  func atOnce() throws {
    let served = try Served()
    served.write(String(repeating: "x", count: 20_000), to: "file")
    try served.client.start(messageSize: 1 << 20)
    try served.client.done(.walk(0, 1, "file"))
    try served.client.done(.open(1))
    let round: [NinePMessage] = [
      .status(0), .read(1, 0, 3000), .status(1), .walk(0, 2), .clunk(2), .walk(0, 2, "nothing"), .fileSystem(0),
      .flush(1),
      .read(1, 19_999, 3000), NinePMessage(200),
    ]
    var bytes: [UInt8] = []
    for number in 0..<40 {
      for (index, message) in round.enumerated() { bytes += message.frame(tag: UInt16(number * 10 + index)) }
    }
    // The last one comes in two parts.
    served.client.send(Array(bytes.dropLast(3)))
    usleep(1000)
    served.client.send(Array(bytes.suffix(3)))
    for number in 0..<40 {
      for (index, message) in round.enumerated() {
        let answer = try #require(served.client.receive())
        #expect(answer.tag == UInt16(number * 10 + index))
        let isError = index == 5 || index == 9
        #expect(answer.type == (isError ? 7 : message.type + 1))
        if message.type == 116 { #expect(answer.body.data.allSatisfy { $0 == UInt8(ascii: "x") }) }
        if index == 1 { #expect(answer.body.data.count == 3000) }
      }
    }
    // Only whole ones wait for each other: this one is answered while the next is on its way.
    served.client.send(NinePMessage.status(0).frame(tag: 5) + [7, 0])
    #expect(served.client.receive()?.tag == 5)
  }

  @Test("a client that stops within a frame")
  func cutShort() throws {
    let served = try Served()
    try served.client.start()
    served.client.send([20, 0, 0])
    #expect(served.ending() == .cutShort)
  }
}

/// One message of each type, on fids 0 and 1.
enum Samples {
  static let all: [NinePMessage] = [
    .fileSystem(1), .open(1, 0), .create(0, "new"), .symlink(0, "link", "target"), .makeNode(0, "node", mode: 0o10644),
    NinePMessage(20, .four(1), .four(0), .text("renamed")), .readLink(1), .status(1), .change(1, 1, mode: 0o600),
    .walkAttribute(1, 9, "user.a"), .createAttribute(1, "user.a", 4), .list(0), .synchronize(1), .lock(1, 1),
    .getLock(1, 1), .link(0, 1, "hard"), .makeDirectory(0, "directory"), .rename(0, "a", 0, "b"), .unlink(0, "gone"),
    .version(8192, "9P2000.L"), NinePMessage(102, .four(9), .text("root"), .text(""), .four(0)), .attach(9), .flush(3),
    .walk(0, 9, "a", "b"), .read(1), .write(1, 0, [1, 2, 3]), .clunk(77), .remove(77),
  ]
}
