import Glibc
import HelperHarness
import NinePHarness
import Testing

extension NinePAttackTests {
  /// Locks that are in others' way, and those who wait for them.
  @Suite struct LockTests {
    private static let (granted, blocked): ([UInt8], [UInt8]) = ([0], [1])

    /// A client with an open file, fid 1.
    private func client(_ share: Share) throws -> Client {
      let client = try share.client()
      try client.done(.walk(0, 1, "file"))
      try client.done(.open(1, 2))
      return client
    }

    @Test(arguments: Way.all)
    func thoseWhoWaitHoldNobodyUp(way: Way) throws {
      let share = try Share(way) { path in try makeFile(path + "/file") }
      let (holder, waiter, other) = (try client(share), try client(share), try client(share))
      #expect(try holder.done(.lock(1, 1)).all == Self.granted)
      // So many wait, of each client, and the others are told to ask again.
      var told = 0
      for start in stride(from: 0, to: 1000, by: 50) {
        // No more than both ends have room for.
        for (client, process): (Client, UInt32) in [(waiter, 1), (holder, 2)] {
          for tag in start..<start + 50 {
            let first = UInt64(tag) + UInt64(process) * 10_000
            let message = NinePMessage.lock(1, 1, flags: 1, first, 1, process: process)
            client.send(message.frame(tag: UInt16(tag) + (client === waiter ? 5000 : 0)))
          }
          client.send(NinePMessage.status(1).frame(tag: 2000))
          while let answer = client.receive(), answer.tag != 2000 {
            #expect(answer.body.all == Self.blocked)
            if client === holder { told += 1 }
          }
        }
      }
      #expect(told > 900 && told < 1000, "\(told)")
      var slowest = 0.0
      for message: NinePMessage in [.status(1), .flush(3), .getLock(1, 1), .flush(4), .read(1), .flush(2222)] {
        for client in [other, waiter] {
          let began = now()
          try client.done(message)
          slowest = max(slowest, now() - began)
        }
      }
      #expect(slowest < 0.1, "\(slowest)")
      // Those that are given up are never answered; the rest are, once there is nothing in their way.
      for tag in 0..<1000 where tag % 2 == 0 {
        holder.send(NinePMessage.flush(UInt16(tag)).frame(tag: 3000))
        #expect(holder.receive()?.type == 109)
      }
      holder.send(NinePMessage.lock(1, 2).frame(tag: 3001))
      var answered: [UInt16] = []
      while answered.count < 1 + (1000 - told) / 2, let answer = holder.receive() { answered.append(answer.tag) }
      #expect(answered.first == 3001 && answered.dropFirst().allSatisfy { $0 % 2 == 1 }, "\(answered)")
      #expect(share.isWell() && share.ends())
    }

    /// A lock passes from client to client as it is let go, by whatever ends it: a guest that is reset begins anew on the
    /// same connection.
    @Test(arguments: Way.all)
    func locksPassOnAtOnce(way: Way) throws {
      let share = try Share(way) { path in try makeFile(path + "/file") }
      let (holder, gone, reset) = (try client(share), try client(share), try client(share))
      func wait(_ client: Client) throws {
        client.send(NinePMessage.lock(1, 1, flags: 1).frame(tag: 5))
        try client.done(.status(1))
      }
      #expect(try holder.done(.lock(1, 1)).all == Self.granted)
      for client in [gone, reset] { try wait(client) }
      gone.hangUp()
      try reset.agree()
      let ways: [(Client) throws -> Void] = [
        { try $0.done(.lock(1, 2)) }, { try $0.done(.clunk(1)) }, { try $0.agree() }, { $0.hangUp() },
      ]
      var last = holder
      for way in ways {
        let next = try client(share)
        try wait(next)
        let began = now()
        try way(last)
        let answer = next.receive()
        #expect(answer?.tag == 5 && answer?.body.all == Self.granted)
        #expect(now() - began < 1)
        last = next
      }
      // Another name of a client, on the same connection.
      #expect(try last.done(.lock(1, 1, client: "b")).all == Self.blocked)
      #expect(share.isWell() && share.ends())
    }

    /// As many locks as there may be; they go with whoever has them.
    @Test(arguments: Way.all)
    func locksAreCountedAndGoWithTheirClient(way: Way) throws {
      let share = try Share(way) { path in try makeFile(path + "/file") }
      let other = try client(share)
      let memory = try share.server.residentMemory()
      for round in 0..<5 {
        let greedy = try client(share)
        var held: UInt64 = 0
        while held < 3000, try greedy.failure(.lock(1, 1, held * 2, 1, process: UInt32(held))) == 0 { held += 1 }
        #expect(held > 1000 && held <= 1024, "\(held)")
        #expect(try greedy.failure(.lock(1, 1, held * 2, 1)) == ENOLCK)
        #expect(try other.done(.lock(1, 1)).all == Self.blocked)
        if round % 2 == 0 { greedy.send([0, 0]) }
        greedy.hangUp()
        #expect(try eventually { try other.done(.lock(1, 1)).all == Self.granted })
        #expect(try other.done(.lock(1, 2)).all == Self.granted)
      }
      #expect(try share.server.residentMemory() < memory + 1024)
      // Offsets and lengths that no file has.
      for (start, length): (UInt64, UInt64) in [(.max, .max), (1 << 63, 1), (1, .max), (.max, 1), (1 << 62, 1 << 63)] {
        #expect(try other.failure(.lock(1, 1, start, length)) == EINVAL, "\(start), \(length)")
      }
      #expect(try other.failure(.lock(1, 3)) == EINVAL)
      #expect(share.isWell() && share.ends())
    }
  }
}
