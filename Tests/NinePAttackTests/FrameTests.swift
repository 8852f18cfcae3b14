import Glibc
import HelperHarness
import NinePHarness
import Testing

extension NinePAttackTests {
  /// Messages whose numbers lie, against the release build, where a number too large is the end of the process.
  @Suite struct FrameTests {
    /// One of each message that does no harm, on fids that are there.
    private static let messages: [NinePMessage] = [
      .fileSystem(0), .open(1, 2), .create(2, "new"), .symlink(0, "link", "target"), .makeNode(0, "n", mode: 0o10644),
      .rename(6, to: 0, "r"), .readLink(1), .status(0), .change(1, 0x1b9, mode: 0o644),
      .walkAttribute(1, 9, "user.a"), .createAttribute(4, "user.b", 3), .list(3), .synchronize(5), .lock(5, 0, 1, 2),
      .getLock(5, 1, 1, 2), .link(0, 1, "hard"), .makeDirectory(0, "made"), .rename(0, "made", 0, "other"),
      .unlink(0, "other", 0x200), NinePMessage(102, .four(8), .text("u"), .text("t"), .four(0)), .attach(8, tree: ""),
      .flush(1), .walk(0, 7, "d", "..", "file"), .read(5, 0, 100), .write(5, 0, [1, 2, 3]), .clunk(7), .remove(6),
    ]

    /// A session whose fids are as the messages want them.
    private func prepared(_ share: Share) throws -> Client {
      let client = try share.client()
      unlink(share.path + "/moves")
      try makeFile(share.path + "/moves", [1])
      for message: NinePMessage in [
        .walk(0, 1, "file"), .walk(0, 2, "d"), .walk(0, 3), .open(3), .walk(0, 4, "file"), .walk(0, 5, "file"),
        .open(5, 2), .walk(0, 6, "moves"),
      ] { try client.done(message) }
      return client
    }

    @Test(arguments: Way.all)
    func everyFieldMayLie(way: Way) throws {
      let share = try Share(way, in: "/dev/shm") { path in
        try makeDirectory(path + "/d")
        try makeFile(path + "/file", [1, 2, 3])
      }
      for message in Self.messages {
        let client = try prepared(share)
        // Cut at every byte, one byte too long, and each byte and each run of bytes the largest.
        var variants = (0...message.body.count).map { Array(message.body[..<$0]) } + [message.body + [0]]
        for width in [1, 2, 4, 8] where width <= message.body.count {
          for at in 0...message.body.count - width {
            var body = message.body
            body.replaceSubrange(at..<at + width, with: Array(repeating: 0xff, count: width))
            variants.append(body)
          }
        }
        for body in variants {
          var variant = message
          variant.body = body
          let answer = try client.call(variant)
          #expect(answer.type == 7 || answer.type == message.type + 1, "\(variant)")
        }
        #expect(try client.failure(.clunk(77)) == EBADF, "\(message)")
      }
      #expect(share.damage() == nil)
      #expect(share.isWell() && share.ends())
    }

    @Test(arguments: Way.all)
    func everyTypeIsAnswered(way: Way) throws {
      let share = try Share(way)
      let client = try share.client()
      let known: Set<UInt8> = [
        8, 12, 14, 16, 18, 20, 22, 24, 26, 30, 32, 40, 50, 52, 54, 70, 72, 74, 76, 100, 102, 104, 108, 110, 116, 118,
        120,
        122,
      ]
      for type in UInt8.min...UInt8.max where !known.contains(type) {
        for body in [[], [UInt8](repeating: 0xff, count: 20)] {
          #expect(try client.failure(NinePMessage(type, .raw(body))) == EOPNOTSUPP, "\(type)")
        }
      }
      #expect(try client.failure(.status(0)) == 0)
      // Sizes that no frame has are the end of that connection alone.
      for size: UInt32 in [0, 1, 6, 65_537, 1 << 31, .max] {
        let client = try share.client()
        client.send(NinePMessage.Field.four(size).bytes + [120, 1, 0, 0, 0, 0, 0])
        #expect(client.receive() == nil, "\(size)")
      }
      for size: UInt32 in [0, 1, 7, 23, 24, 4095] {
        let client = try share.connect()
        client.send(NinePMessage.version(size, "9P2000.L").frame(tag: .max))
        #expect(client.receive()?.body.u32(0) == UInt32(EMSGSIZE), "\(size)")
        // Before a version nothing is done.
        #expect(try client.failure(.attach(0)) == EPROTO)
      }
      #expect(share.isWell() && share.ends())
    }
  }
}
