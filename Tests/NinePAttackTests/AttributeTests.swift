import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

extension NinePAttackTests {
  /// Extended attributes, which a fid holds whole.
  @Suite struct AttributeTests {
    private static let values: [[UInt8]] = [Array(repeating: 1, count: 10), Array(repeating: 2, count: 4000)]

    @Test(arguments: Way.all)
    func aValueThatChangesIsReadWhole(way: Way) throws {
      let share = try Share(way) { path in try makeFile(path + "/file") }
      let client = try share.client()
      try client.done(.walk(0, 1, "file"))
      let path = share.path + "/file"
      try check(setxattr(path, "user.a", Self.values[0], 10, 0), "setxattr")
      var seen: Set<UInt64> = []
      let (rounds, changes) = try race(
        seconds: 0.5,
        against: {
          for value in Self.values { setxattr(path, "user.a", value, value.count, 0) }
        }
      ) { _ in
        let size = try client.done(.walkAttribute(1, 2, "user.a")).u64(0) ?? 0
        let value = try client.done(.read(2, 0, 60_000)).data
        #expect(UInt64(value.count) == size && Self.values.contains(value), "\(size), \(value.count)")
        seen.insert(size)
        try client.done(.clunk(2))
        return true
      }
      #expect(seen == [10, 4000] && rounds > 10 && changes > 10, "\(seen), \(rounds) against \(changes)")
    }

    @Test(arguments: Way.all)
    func offsetsAndCountsReachNothingElse(way: Way) throws {
      let share = try Share(way) { path in
        try makeFile(path + "/file")
        try check(setxattr(path + "/file", "user.a", "0123456789", 10, 0), "setxattr")
      }
      let client = try share.client()
      try client.done(.walk(0, 1, "file"))
      try client.done(.walkAttribute(1, 2, "user.a"))
      let value = Array("0123456789".utf8)
      for offset: UInt64 in [0, 9, 10, 11, 1 << 31, 1 << 32 - 1, 1 << 32, 1 << 63, .max] {
        for count: UInt32 in [0, 1, .max] {
          let expected = value.dropFirst(Int(min(offset, 10))).prefix(Int(count))
          #expect(try client.done(.read(2, offset, count)).data == Array(expected), "\(count) at \(offset)")
        }
      }
      try client.done(.walk(1, 3))
      try client.done(.createAttribute(3, "user.b", 4))
      for offset: UInt64 in [5, 1 << 31, 1 << 32, 1 << 63, .max] {
        #expect(try client.failure(.write(3, offset, [1])) == ENOSPC, "\(offset)")
      }
      // What isn't written isn't read, nor set.
      #expect(try client.failure(.read(3)) == EBADF)
      try client.done(.write(3, 0, [1]))
      #expect(try client.failure(.clunk(3)) == EINVAL)
      #expect(getxattr(share.path + "/file", "user.b", nil, 0) == -1)
      for size: UInt64 in [65_537, 1 << 32, 1 << 40, .max] {
        #expect(try client.failure(.createAttribute(1, "user.b", size)) == E2BIG)
      }
      #expect(share.isWell())
    }

    /// No more values at a time than there is room for, whatever becomes of their clients.
    @Test(arguments: Way.all)
    func valuesAreCounted(way: Way) throws {
      let share = try Share(way, in: "/dev/shm") { path in
        try makeFile(path + "/file")
        let large = [UInt8](repeating: 7, count: 60_000)
        try check(setxattr(path + "/file", "user.a", large, large.count, 0), "setxattr")
      }
      // What a first client and the lines about it bring into memory stays there.
      try share.client().hangUp()
      #expect(eventually { share.log.text.contains(" left after ") })
      let memory = try share.server.residentMemory()
      for round in 0..<6 {
        let client = try share.client()
        try client.done(.walk(0, 1, "file"))
        var held: UInt32 = 0
        while held < 2000, try client.failure(.walkAttribute(1, 10 + held, "user.a")) == 0 { held += 1 }
        #expect(held == 256)
        try client.done(.walk(1, 5))
        #expect(try client.failure(.createAttribute(5, "user.b", 65_536)) == EMFILE)
        try client.done(.clunk(10))
        try client.done(.createAttribute(5, "user.b", 1))
        try client.done(.write(5, 0, [1]))
        #expect(try client.failure(.walkAttribute(1, 10, "user.a")) == EMFILE)
        #expect(try share.server.residentMemory() < memory + 256 * 68 + 2048)
        if round % 2 == 0 { client.send(NinePMessage.version(65_536, "9P2000.L").frame(tag: .max)) }
        client.hangUp()
      }
      // Given back, and what wasn't clunked isn't set.
      #expect(try eventually { try share.server.residentMemory() < memory + 2048 })
      #expect(getxattr(share.path + "/file", "user.b", nil, 0) == -1)
      #expect(share.isWell() && share.ends())
    }

    /// All clients take all the values that they get, of the largest size: that ends before the address space does.
    @Test(arguments: Way.all.prefix(1))
    func allValuesOfAllClientsFit(way: Way) throws {
      // So many that each has enough fids.
      let share = try Share(way, ["--max-clients", "64"]) { path in try makeFile(path + "/file") }
      let other = try share.client()
      try other.done(.walk(0, 1, "file"))
      var clients: [Client] = []
      for _ in 0..<60 {
        let client = try share.client()
        let messages = (1...256).flatMap { fid -> [NinePMessage] in
          [.walk(0, fid, "file"), .createAttribute(fid, "user.a", 65_536)]
        }
        for start in stride(from: 0, to: messages.count, by: 64) {
          client.send(messages[start..<start + 64].flatMap { $0.frame() })
          for _ in 0..<64 { #expect(client.receive() != nil) }
        }
        clients.append(client)
      }
      for fid: UInt32 in 2..<20 {
        try other.done(.walk(0, fid, "file"))
        try other.done(.createAttribute(fid, "user.a", 65_536))
      }
      #expect(share.isWell())
      clients = []
      #expect(share.ends())
    }
  }
}
