import CLinux
import Glibc
import HelperHarness
import ProxyProtocol
import Testing

extension AttackTests {
  /// A client that asks and doesn't listen.
  @Suite struct SilentClientTests {
    /// Sends this request until nothing more goes, which is when the helper waits for its client to read.
    private func flood(_ peer: borrowing Peer, _ message: Message) -> Int {
      let frame = message.frame
      var (sent, refused) = (0, 0)
      while refused < 6 {
        if peer.offer(frame) {
          sent += 1
          refused = 0
        } else {
          refused += 1
          usleep(4000)
        }
      }
      return sent
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
          let sent = flood(peer, message)
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
        _ = flood(peer, message)
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
        let sent = flood(peer, message)
        let first = try peer.receive(message.type.replyForm)
        for _ in 1..<sent {
          let answer = try peer.receive(message.type.replyForm)
          #expect("\(answer)" == "\(first)", "\(message)")
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
  /// Kilobytes of memory that the helper has: VmRSS.
  borrowing func residentMemory() throws -> Int {
    let status = readFile("/proc/\(process.identifier)/status") ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    guard let size = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      throw HarnessError("no VmRSS of \(process.identifier)")
    }
    return size
  }
}
