import Glibc
import HelperHarness
import ProxyProtocol
import Testing

/// A client that dies, anywhere. QEMU can be killed at any time.
extension DifferentialTests {
  @Suite(.serialized)
  struct DyingClientTests {
    /// A session: each request, and which of the files `0`, `1`, … is there once it was done.
    private static let session: [Message] = {
      func path(_ text: String) -> Message.Field { .s(Array(text.utf8) + [0]) }
      let mode = Message.Field.d(0o644)
      let user = Message.Field.d(1000)
      return [
        Message(.create, path("//0"), .d(UInt32(O_RDWR | O_CREAT)), mode, user, user),
        Message(.makeDirectory, user, user, path("//1"), .d(0o755)),
        Message(.makeSymbolicLink, user, user, path("0"), path("//2")),
        Message(.link, path("//0"), path("//3")),
        Message(.makeNode, user, user, path("//4"), .d(S_IFIFO | 0o600), .q(0)),
        Message(.open, path("/"), .d(UInt32(O_RDONLY | O_DIRECTORY))),
        Message(.status, path("//0")),
        Message(.setAttribute, path("//0"), path("user.a"), .s(Array("value".utf8)), .d(5), .d(0)),
        Message(.rename, path("//3"), path("//8")),
      ]
    }()
    private static let frames = session.map(\.frame)
    private static let stream = Array(frames.joined())

    /// How many requests are in so many bytes, whole.
    private static func whole(_ count: Int) -> Int {
      var end = 0
      return frames.prefix { frame in
        end += frame.count
        return end <= count
      }.count
    }

    /// The client has gone before it read a reply.
    @Test(.enabled(if: hasRoot(), "needs root: the helper acts as any user"))
    func itDiesAtEveryByte() throws {
      for count in 0...Self.stream.count {
        let directory = try TemporaryDirectory()
        let process: Spawned
        do {
          let peer = try Peer("helper", Programs.helper, serving: directory.path)
          try peer.send(Array(Self.stream.prefix(count)))
          process = peer.process
        }
        #expect(process.wait(seconds: 2) == 0, "after \(count) bytes")
        for name in 0..<Self.session.count where access(directory.path + "/\(name)", F_OK) == 0 {
          #expect(name < Self.whole(count), "after \(count) bytes: done before it was asked for")
        }
      }
    }

    /// The client says no more, but waits for its replies: each whole request has one.
    @Test(.enabled(if: hasRoot(), "needs root: the helper acts as any user"))
    func itFallsSilentAtEveryByte() throws {
      for count in 0...Self.stream.count {
        let directory = try TemporaryDirectory()
        let peer = try Peer("helper", Programs.helper, serving: directory.path)
        try peer.send(Array(Self.stream.prefix(count)))
        peer.finishSending()
        for message in Self.session.prefix(Self.whole(count)) {
          let answer = try peer.receive(message.type.replyForm)
          #expect(answer.errno == 0, "after \(count) bytes: \(message): \(answer)")
        }
        #expect(try peer.drain() == 0, "after \(count) bytes: a reply to part of a request")
        #expect(peer.process.wait(seconds: 2) == 0, "after \(count) bytes")
      }
    }
  }
}
