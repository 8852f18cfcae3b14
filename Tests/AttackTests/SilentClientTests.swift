import CLinux
import Glibc
import HelperHarness
import ProxyProtocol
import Testing

extension AttackTests {
  /// A client that asks and doesn't listen.
  @Suite struct SilentClientTests {
    /// Sends this request until nothing more goes, because the helper sleeps until its client reads.
    private func flood(_ peer: borrowing Peer, _ message: Message) throws -> Int {
      #expect(try peer.isWell())
      let frame = message.frame
      var sent = 0
      for _ in 0..<1000 {
        while peer.offer(frame) { sent += 1 }
        // One that waits for requests sleeps too, but would have taken another.
        if peer.sleeps() {
          guard peer.offer(frame) else { return sent }
          sent += 1
        }
        usleep(2000)
      }
      throw HarnessError("the helper goes on")
    }

    private static let requests = [
      Message.status("/"), .open("/file"), .open("/none"), .remove("/none"),
      Message(.getAttribute, .d(65_534), .s("/file"), .s("user.large")),
    ]

    private func prepared(_ start: Start) throws -> Place {
      let place = try Place(start, in: "/dev/shm")
      try place.makeFile(place.export + "/file")
      let large = [UInt8](repeating: 7, count: 60_000)
      try check(setxattr(place.export + "/file", "user.large", large, large.count, 0), "setxattr")
      return place
    }

    /// The helper stops taking requests: it has no more memory and no more descriptors than before, and ends with its client.
    @Test(arguments: Start.all)
    func repliesThatNobodyReadsCostNothing(start: Start) throws {
      let place = try prepared(start)
      for message in Self.requests {
        let process: Spawned
        do {
          let peer = try place.serve()
          for message in Self.requests { _ = try peer.ask(message) }
          let (memory, descriptors) = (try peer.residentMemory(), peer.openDescriptors())
          let sent = try flood(peer, message)
          #expect(sent > 20, "\(message)")
          #expect(peer.process.wait(seconds: 0) == nil, "\(message): \(peer.log.text)")
          #expect(try peer.residentMemory() < memory + 256, "\(message): \(sent) requests")
          // What is to be sent next may be open.
          let open = peer.openDescriptors()
          #expect(open <= descriptors + 1, "\(message)")
          process = peer.process
        }
        #expect(process.wait(seconds: 5) == 0, "\(message)")
      }
    }

    @Test(arguments: Start.all)
    func aSignalEndsTheHelperThatWaitsForIt(start: Start) throws {
      let place = try prepared(start)
      for (index, message) in Self.requests.enumerated() {
        let signal = index % 2 == 0 ? SIGTERM : SIGINT
        let peer = try place.serve()
        _ = try flood(peer, message)
        peer.process.signal(signal)
        #expect(peer.process.wait(seconds: 5) == 0, "\(message)")
        #expect(peer.log.text.contains("ended by signal \(signal)"), "\(message): \(peer.log.text)")
      }
    }

    /// One that listens again after all has every reply, in turn.
    @Test(arguments: Start.all)
    func oneThatListensAgainMissesNothing(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      for message in Self.requests where message.type != .open {
        let sent = try flood(peer, message)
        let first = try peer.receive(message.type.replyForm)
        for _ in 1..<sent {
          let answer = try peer.receive(message.type.replyForm)
          guard "\(answer)" == "\(first)" else { throw HarnessError("\(message): \(answer) after \(first)") }
        }
      }
      #expect(try peer.isWell())
    }

    /// Nor does one that closes before it has read: no SIGPIPE, and nothing left.
    @Test(arguments: Start.all)
    func oneThatClosesAtOnceIsTheEnd(start: Start) throws {
      let place = try prepared(start)
      for message in Self.requests {
        for count in [1, 2, 100] {
          let (process, log): (Spawned, Output)
          do {
            let peer = try place.serve()
            for _ in 0..<count { _ = peer.offer(message.frame) }
            (process, log) = (peer.process, peer.log)
          }
          #expect(process.wait(seconds: 5) == 0, "\(count) × \(message): \(log.text)")
          #expect(log.lines.count == 2, "\(log.text)")
        }
      }
    }
  }
}

extension Peer {
  /// Whether the kernel has the helper wait for something.
  borrowing func sleeps() -> Bool {
    let words = readFile("/proc/\(process.identifier)/stat")?.split(separator: " ") ?? []
    return words.count > 2 && words[2] == "S"
  }

  /// Kilobytes of memory that the helper has.
  borrowing func residentMemory() throws -> Int { try process.residentMemory() }
}
