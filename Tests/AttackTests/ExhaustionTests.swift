import Glibc
import HelperHarness
import ProxyProtocol
import Testing

extension AttackTests {
  /// No descriptors left: the helper's, or those that may be under way to a client.
  @Suite struct ExhaustionTests {
    /// As many slashes and dots as make it walk in parts, for which it opens directories.
    private static let long = String(repeating: "/.", count: 2100)

    /// The helper's own limit, which this test leaves as it is.
    private static let hardLimit = 1024
    /// The most descriptors that a client may leave unreceived.
    private static let mostUnderWay = 8

    private func prepared(_ start: Start) throws -> Place {
      let place = try Place(start)
      try place.makeFile(place.export + "/file")
      return place
    }

    /// Lets the helper have descriptors with lower numbers than this only; the hard limit, which it set itself, stays.
    ///
    /// Done as the helper's user, who needs no privilege for it.
    private func limit(_ peer: borrowing Peer, _ start: Start, to count: Int) throws {
      let prlimit = ["/usr/bin/prlimit", "--pid", "\(peer.process.identifier)", "--nofile=\(count):\(Self.hardLimit)"]
      let become = ["--reuid=\(start.user)", "--regid=\(start.group)", "--clear-groups"]
      let status =
        try geteuid() == start.user
        ? run(prlimit[0], Array(prlimit.dropFirst())) : run("/usr/bin/setpriv", become + prlimit)
      guard status == 0 else { throw HarnessError("prlimit: status \(status)") }
    }

    /// What needs a descriptor fails while there is none, and works again as soon as there is.
    @Test(.enabled(if: hasRoot(), needsRoot), arguments: Start.all)
    func havingNoneLeftNeverSticks(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      #expect(try peer.isWell())
      let before = peer.openDescriptors()
      let free = (0..<64).filter { access("/proc/\(peer.process.identifier)/fd/\($0)", F_OK) != 0 }
      // One file, or a directory on the way to what isn't opened.
      let one: [Message] = [
        .open("/file"), .create("/file"), .create("/new"), .open("/", O_DIRECTORY), .status(Self.long),
      ]
      let two: [Message] = [.open(Self.long + "/file"), Message(.rename, .s(Self.long + "/a"), .s(Self.long + "/b"))]
      for _ in 0..<3 {
        try limit(peer, start, to: free[0])
        for message in one + two { #expect(try peer.errno(message) == EMFILE, "\(message)") }
        #expect(try peer.errno(.status("/file")) == 0)
        #expect(try peer.errno(Message(.changeMode, .s("/file"), .d(0o600))) == 0)
        try limit(peer, start, to: free[1])
        for message in two { #expect(try peer.errno(message) == EMFILE, "\(message)") }
        for message in one { #expect(try peer.errno(message) == 0, "\(message)") }
        try limit(peer, start, to: Self.hardLimit)
        #expect(try peer.errno(two[0]) == 0)
        #expect(try peer.errno(two[1]) == ENOENT)
        #expect(try peer.errno(.remove("/new")) == 0)
      }
      let areClosed = peer.openDescriptorsAre(before)
      #expect(areClosed)
      #expect(Tree.names(in: place.export).count == 1, "nothing was half made")
    }

    /// A client asks for many and receives none: further ones are refused, which is an answer like any other, and once
    /// those are received there is room again.
    @Test(arguments: Start.all)
    func thoseUnderWayAreBounded(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      #expect(try peer.isWell())
      let before = peer.openDescriptors()
      for _ in 0..<3 {
        var sent = 0
        while sent < 5000, peer.offer(Message.open("/file").frame) { sent += 1 }
        usleep(20_000)
        var answers: [Int32] = []
        for _ in 0..<sent { answers.append(try peer.receive(.descriptor).errno) }
        #expect(answers.prefix { $0 == 0 }.count <= Self.mostUnderWay)
        #expect(Set(answers) == [0, ETOOMANYREFS])
        #expect(try peer.errno(.open("/file")) == 0, "there is room again")
      }
      let areClosed = peer.openDescriptorsAre(before)
      #expect(areClosed)
      #expect(try peer.isWell())
    }

    /// A client that can't take what it is sent, for want of descriptors of its own: the kernel drops them.
    @Test(arguments: Start.all)
    func aClientWithoutRoomLosesThemAlone(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      #expect(try peer.isWell())
      let before = peer.openDescriptors()
      for _ in 0..<1000 {
        try peer.send(Message.open("/file").frame)
        // Without a place for it.
        #expect(try peer.receive(bytes: 4).integer(at: 0, as: Int32.self) == Frame.descriptorFollows)
      }
      let areClosed = peer.openDescriptorsAre(before)
      #expect(areClosed)
      #expect(try peer.isWell())
    }

    /// The kernel counts what is under way for all helpers of a user together, yet a client that receives nothing doesn't
    /// take it from others.
    @Test(arguments: Start.all)
    func othersHaveTheirShare(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      #expect(try peer.isWell())
      let silent = try (0..<12).map { _ in Silent(try place.serve()) }
      for _ in 0..<20 { #expect(try peer.errno(.open("/file")) == 0) }
      #expect(silent.allSatisfy { $0.asked > 20 })
      #expect(try peer.isWell())
    }
  }
}

/// A client that has asked for descriptors and receives none.
private final class Silent {
  private let peer: Peer
  private(set) var asked = 0

  init(_ peer: consuming Peer) {
    self.peer = peer
    while asked < 100, self.peer.offer(Message.open("/file").frame) { asked += 1 }
    // Until its helper has answered what it will.
    usleep(5000)
  }
}
