import Glibc
import HelperHarness
import ProxyProtocol
import Testing

extension AttackTests {
  /// Descriptors that a client sends, which no request has.
  @Suite struct PassedDescriptorTests {
    /// Sends bytes with descriptors beside them, in one message.
    private func send(_ bytes: [UInt8], with descriptors: [CInt], on peer: borrowing Peer) throws {
      let sent = peer.send(bytes, with: descriptors)
      try check(CInt(sent), "sendmsg")
      if sent < bytes.count { try peer.send(Array(bytes.dropFirst(sent))) }
    }

    /// Whether nobody has a pipe's writing end any more.
    private func hasEnded(_ reading: CInt) -> Bool {
      var polled = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
      return poll(&polled, 1, 5000) == 1 && polled.revents & Int16(POLLHUP) != 0
    }

    /// One beside the first byte of a request, in its middle and at its end, and as many as a message can have.
    @Test(arguments: Start.all)
    func allAreClosed(start: Start) throws {
      let place = try Place(start)
      let peer = try place.serve()
      #expect(try peer.isWell())
      let before = peer.openDescriptors()
      let frame = Message.status("/").frame
      // SCM_MAX_FD is 253.
      for count in [1, 2, 60, 63, 64, 65, 253] {
        for at in [0, 1, 7, 8, 9, frame.count - 1] {
          var ends: [CInt] = [-1, -1]
          try check(pipe(&ends), "pipe")
          defer { close(ends[0]) }
          try peer.send(Array(frame.prefix(at)))
          try send(Array(frame.dropFirst(at)), with: .init(repeating: ends[1], count: count), on: peer)
          close(ends[1])
          #expect(try peer.receive(.response).errno == 0, "\(count) at byte \(at)")
          try #require(hasEnded(ends[0]), "\(count) at byte \(at)")
          let areClosed = peer.openDescriptorsAre(before)
          try #require(areClosed, "\(count) at byte \(at)")
        }
      }
      #expect(try peer.isWell())
    }

    /// Beside requests that are answered with one, and as many requests as there are.
    @Test(arguments: Start.all)
    func theyAreNotTakenForThoseThatAreAskedFor(start: Start) throws {
      let place = try Place(start)
      try place.makeFile(place.export + "/file", Array("the export's".utf8))
      let peer = try place.serve()
      #expect(try peer.isWell())
      let own = open(place.outside + "/secret", O_RDONLY | O_CLOEXEC)
      defer { close(own) }
      let before = peer.openDescriptors()
      for message in [Message.open("/file"), .create("/file"), .open("/none"), .status("/file"), .remove("/none")] {
        for _ in 0..<50 {
          try send(message.frame, with: [own, own, own], on: peer)
          let answer = try peer.receive(message.type.replyForm)
          #expect(place.leak(answer) == nil, "\(message): \(answer)")
        }
      }
      let areClosed = peer.openDescriptorsAre(before)
      try #require(areClosed)
      #expect(try peer.isWell())
    }

    /// The socket itself, and the client's other end, would keep the helper from seeing its client's end.
    @Test(arguments: Start.all)
    func aSocketThatComesBackKeepsNothingOpen(start: Start) throws {
      let place = try Place(start)
      let process: Spawned
      do {
        let peer = try place.serve()
        try peer.sendItself(beside: Message.status("/").frame)
        #expect(try peer.receive(.response).errno == 0)
        // And one that nobody receives any more.
        try peer.sendItself(beside: Array(Message.status("/").frame.prefix(3)))
        process = peer.process
      }
      #expect(process.wait(seconds: 5) == 0)
    }
  }
}
