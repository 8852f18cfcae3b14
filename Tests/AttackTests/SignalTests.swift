import Glibc
import HelperHarness
import ProxyProtocol
import Testing

extension AttackTests {
  /// Signals at any moment: of the client's where helper and client are one user, or of a careless operator's.
  @Suite struct SignalTests {
    /// Requests for directories `0`, `1` and so on, each in a frame of its own.
    private static let session = (0..<400).map { Message.makeDirectory("/\($0)") }

    /// Sends the whole session, and the signal a moment later.
    ///
    /// - Returns: how many replies came, and how many of the requests were done.
    private func interrupt(
      _ place: Place, _ peer: borrowing Peer, with signal: CInt, after delay: UInt32
    ) throws -> (answered: Int, done: Int) {
      for message in Self.session { _ = peer.offer(message.frame) }
      usleep(delay)
      peer.process.signal(signal)
      #expect(peer.process.wait(seconds: 5) != nil)
      let reply = Frame.headerSize + 4
      let bytes = try peer.drain()
      #expect(bytes % reply == 0, "part of a reply came")
      let names = Tree.names(in: place.export)
      // Each in its turn: none is left out.
      let expected = Set((0..<names.count).map { "\"\($0)\"" })
      #expect(Set(names) == expected)
      return (bytes / reply, names.count)
    }

    /// What is asked to end finishes the request that it is at, which may then lack its reply, and does no other.
    @Test(arguments: Start.all)
    func oneThatEndsItLetsTheRequestBeFinished(start: Start) throws {
      var random = Random(seed: 5)
      var partly = 0
      for round in 0..<12 {
        let place = try Place(start)
        let peer = try place.serve()
        #expect(try peer.isWell())
        let signal = round % 2 == 0 ? SIGTERM : SIGINT
        let (answered, done) = try interrupt(place, peer, with: signal, after: UInt32(random.below(4000)))
        #expect(done == answered || done == answered + 1, "\(answered) answered, \(done) done")
        #expect(peer.process.wait() == 0)
        #expect(peer.log.text.contains("ended by signal \(signal)"))
        if done < Self.session.count { partly += 1 }
      }
      #expect(partly > 0, "no signal came while requests were there")
    }

    /// Others that end a program end this one as the kernel does it: between two system calls, so the same holds.
    @Test(arguments: Start.all)
    func oneThatItDoesNotKnowEndsItToo(start: Start) throws {
      var random = Random(seed: 6)
      for signal in [SIGUSR1, SIGUSR2, SIGALRM, SIGKILL] {
        let place = try Place(start)
        let peer = try place.serve()
        #expect(try peer.isWell())
        let (answered, done) = try interrupt(place, peer, with: signal, after: UInt32(random.below(4000)))
        #expect(done == answered || done == answered + 1, "\(answered) answered, \(done) done")
        #expect(peer.process.wait() == 128 + signal)
      }
    }

    /// Being stopped and going on, and signals that mean nothing, go unnoticed by the client, wherever they come.
    @Test(arguments: Start.all)
    func thoseThatDoNotEndItDisturbNothing(start: Start) throws {
      let place = try Place(start)
      try place.makeFile(place.export + "/file")
      let peer = try place.serve()
      #expect(try peer.isWell())
      let process = peer.process
      var wrong = 0
      let (rounds, signals) = try race(
        seconds: 0.5,
        against: {
          for signal in [SIGCONT, SIGHUP, SIGPIPE, SIGWINCH, SIGCHLD, SIGURG, SIGXFSZ, SIGSTOP, SIGCONT] {
            process.signal(signal)
            usleep(100)
          }
        }
      ) { round in
        if try peer.errno(.makeDirectory("/directory")) != 0 { wrong += 1 }
        if try peer.errno(.open("/file", O_RDWR)) != 0 { wrong += 1 }
        if try peer.errno(.status("/none")) != ENOENT { wrong += 1 }
        if try peer.errno(.create("/new", uid: place.hasOthers ? 1 : 0)) != 0 { wrong += 1 }
        for name in ["/new", "/directory"] where try peer.errno(.remove(name)) != 0 { wrong += 1 }
        // Long enough for it to sleep.
        if round % 20 == 0 { usleep(1000) }
        return true
      }
      #expect(wrong == 0)
      #expect(rounds > 20 && signals > 20, "\(rounds) against \(signals)")
      #expect(try peer.isWell())
    }

    /// A stopped one that is told to end does so when it goes on.
    @Test(arguments: Start.all)
    func oneThatIsStoppedEndsOnceItGoesOn(start: Start) throws {
      let place = try Place(start)
      let peer = try place.serve()
      #expect(try peer.isWell())
      peer.process.signal(SIGSTOP)
      peer.process.signal(SIGTERM)
      #expect(peer.process.wait(seconds: 0.05) == nil)
      peer.process.signal(SIGCONT)
      #expect(peer.process.wait(seconds: 5) == 0)
      #expect(peer.log.text.contains("ended by signal"))
    }

    /// Nothing is half made by a signal: a file that is created is there with its owner and mode, or not at all.
    @Test(.enabled(if: hasRoot(), needsRoot), arguments: Start.all)
    func nothingIsHalfMade(start: Start) throws {
      var random = Random(seed: 8)
      for signal in [SIGTERM, SIGKILL] {
        for _ in 0..<6 {
          let place = try Place(start)
          let peer = try place.serve()
          #expect(try peer.isWell())
          for index in 0..<100 {
            _ = peer.offer(Message.create("/\(index)", mode: 0o640, uid: 1000, gid: 1001).frame)
          }
          usleep(UInt32(random.below(3000)))
          peer.process.signal(signal)
          #expect(peer.process.wait(seconds: 5) != nil)
          for name in Tree.names(in: place.export) {
            var status = stat()
            try check(lstat(place.export + "/" + name.filter { $0 != "\"" }, &status), "lstat")
            #expect(
              status.st_uid == start.host(1000) && status.st_gid == start.host(1001)
                && status.st_mode == S_IFREG | 0o640)
          }
        }
      }
    }
  }
}
