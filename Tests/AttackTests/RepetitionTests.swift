import Glibc
import HelperHarness
import ProxyProtocol
import Testing

extension AttackTests {
  /// The same again and again: what each request leaves behind adds up.
  @Suite struct RepetitionTests {
    /// Requests that fail, of each type and in each way: undecodable, refused, and failing where they are done.
    private static let failing: [Message] = {
      let long = String(repeating: "/.", count: 2100)
      let made = ["/none/x", "/file/x", "", "/a\0b", long + "/none/x", String(repeating: "n", count: 300)].flatMap {
        path in
        Requests.all(Array(path.utf8), other: Array("/none/y".utf8), existing: Array("/none/z".utf8))
      }
      let undecodable = RequestType.allCases.flatMap { type -> [Message] in
        [Message(type), Message(type, .d(.max)), Message(type, .lie(0xffff, [1, 2, 3]))]
      }
      let special = ["/fifo", long + "/fifo"].flatMap { path in
        Requests.looking(at: Array(path.utf8)).filter { [.open, .getVersion].contains($0.type) }
      }
      let identities = [Message.create("/x", uid: .max), .makeDirectory("/x", gid: .max)]
      return made + undecodable + special + identities
    }()

    /// The same as bytes, few enough at a time that neither end fills up, and how many come back.
    private static let batches: [(frames: [UInt8], count: Int, replies: Int)] = {
      stride(from: 0, to: failing.count, by: 16).map { start in
        let batch = failing[start..<min(start + 16, failing.count)]
        // An error, with a header or without.
        let replies = batch.map { $0.type.replyForm == .descriptor ? Reply.descriptorSize : Frame.headerSize + 4 }
        return (Array(batch.map(\.frame).joined()), batch.count, replies.reduce(0, +))
      }
    }()

    /// Sends them all, and returns what was answered.
    private func failing(_ peer: borrowing Peer) throws -> [UInt8] {
      var replies: [UInt8] = []
      for batch in Self.batches {
        try peer.send(batch.frames)
        replies += try peer.receive(bytes: batch.replies)
      }
      return replies
    }

    @Test(arguments: Start.all)
    func whatFailsLeavesNothingBehind(start: Start) throws {
      let place = try Place(start)
      try place.makeFile(place.export + "/file")
      try check(mkfifo(place.export + "/fifo", 0o666), "mkfifo")
      let peer = try place.serve()
      for message in Self.failing {
        let answer = try peer.ask(message)
        #expect(answer.errno != 0, "\(message): \(answer)")
      }
      let replies = try failing(peer)
      let (memory, descriptors) = (try peer.residentMemory(), peer.openDescriptors())
      let tree = Tree(place.export).lines
      let rounds = 100_000 / Self.failing.count
      for round in 0..<rounds {
        let again = try failing(peer)
        guard again == replies else { throw HarnessError("other answers in round \(round)") }
      }
      #expect(try peer.residentMemory() <= memory + 64)
      #expect(peer.openDescriptors() == descriptors)
      #expect(Tree(place.export).lines == tree)
      // Requests aren't logged, whatever comes.
      #expect(peer.log.lines.count == 1, "\(peer.log.text)")
      #expect(try peer.isWell())
    }

    /// Making and removing, opening and closing.
    @Test(arguments: Start.all)
    func whatSucceedsLeavesNothingBehind(start: Start) throws {
      let place = try Place(start)
      try place.makeFile(place.export + "/file")
      let peer = try place.serve()
      let other = place.hasOthers ? 1 : 0 as UInt32
      let session: [Message] = [
        .open("/file", O_RDWR), .open("/"), .create("/new", uid: other, gid: other), .remove("/new"),
        .makeDirectory("/new", uid: other, gid: other), .remove("/new"), Message(.getVersion, .s("/file")),
        .open(String(repeating: "/.", count: 2100) + "/file"), Message(.fileSystemStatus, .s("/")),
      ]
      func round() throws {
        for message in session { #expect(try peer.errno(message) == 0, "\(message)") }
      }
      try round()
      let (memory, descriptors) = (try peer.residentMemory(), peer.openDescriptors())
      for _ in 0..<200 { try round() }
      #expect(try peer.residentMemory() <= memory + 64)
      #expect(peer.openDescriptors() == descriptors)
    }

    /// The log has two lines in a helper's life, of which the client's part is two numbers.
    @Test(arguments: Start.all)
    func theLogStaysSmallAndClean(start: Start) throws {
      let place = try Place(start)
      let peer = try place.serve()
      let nasty = "\u{1b}[2J\u{7}\r\nserving nothing\n%s%n"
      for message in Requests.all(Array(nasty.utf8), other: Array(nasty.utf8), existing: Array(nasty.utf8)) {
        _ = try peer.ask(message)
      }
      try peer.send(Array(nasty.utf8) + [0x1b, 0x1b, 0x1b, 0x1b])
      #expect(peer.process.wait(seconds: 5) == 1)
      let log = peer.log.text
      #expect(peer.log.lines.count == 2, "\(log)")
      #expect(log.utf8.allSatisfy { $0 == 0x0a || (0x20..<0x7f).contains($0) }, "\(log)")
      #expect(log.utf8.count < 1000)
    }

    /// A name of the operator's choice is shown without what could drive a terminal.
    @Test func anExportsNameIsShownClean() throws {
      let place = try Place(Start.all[0])
      let nasty = place.export + "/\u{1b}[31m\nserving"
      try place.make(nasty)
      try place.start.own(place.export)
      let peer = try Peer(place.start, serving: nasty)
      #expect(try peer.isWell())
      #expect(peer.log.lines.count == 1, "\(peer.log.text)")
      #expect(!peer.log.text.utf8.contains(0x1b))
    }
  }
}
