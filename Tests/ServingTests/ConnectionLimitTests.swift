import Serving
import Testing

/// Who may have how many connections, how many the process's limits are enough for, and how many lines are logged of them.
@Suite("Connections")
struct ConnectionLimitTests {
  /// As many as an owner gets.
  private func take(_ user: PeerUser, of limit: inout ConnectionLimit) -> Int {
    var count = 0
    while (try? limit.take(for: user)) != nil { count += 1 }
    return count
  }

  @Test("one user alone has two thirds, and the next user something")
  func shares() {
    var limit = ConnectionLimit(1024, isShared: true)
    #expect(take(.user(1000), of: &limit) == 598)
    #expect(throws: ConnectionLimit.Refusal.share(598)) { try limit.take(for: .user(1000)) }
    #expect(take(.user(1001), of: &limit) == 199)
    #expect(take(.user(1002), of: &limit) == 66)
    #expect(take(.unknown, of: &limit) == 22)
    // What one gives back is the others', too.
    for _ in 0..<300 { limit.giveBack(of: .user(1000)) }
    #expect(take(.user(1003), of: &limit) > 200)
  }

  @Test("what is kept for root and the user who serves is nobody else's")
  func kept() {
    var limit = ConnectionLimit(64, isShared: true)
    var others = 0
    for user: UInt32 in 1...1000 { others += take(.user(user), of: &limit) }
    #expect(others == 56)
    #expect(take(.privileged, of: &limit) == 8)
    #expect(throws: ConnectionLimit.Refusal.full) { try limit.take(for: .privileged) }
    #expect(throws: ConnectionLimit.Refusal.full) { try limit.take(for: .user(1)) }
    // They may have all. Those that they have are the kept ones first.
    limit = ConnectionLimit(64, isShared: true)
    for _ in 0..<8 { #expect((try? limit.take(for: .privileged)) != nil) }
    #expect(take(.user(1), of: &limit) == 38)
    limit = ConnectionLimit(64, isShared: true)
    #expect(take(.privileged, of: &limit) == 64)
  }

  @Test("few connections are shared, too", arguments: [(1, 1, 0), (2, 1, 1), (3, 2, 1), (8, 5, 3)])
  func few(most: Int, others: Int, root: Int) {
    var limit = ConnectionLimit(most, isShared: true)
    #expect(take(.user(1), of: &limit) == others)
    #expect(take(.privileged, of: &limit) == root)
  }

  @Test("where nobody can be told apart all are for whoever comes")
  func alike() {
    var limit = ConnectionLimit(64, isShared: false)
    #expect(take(.unknown, of: &limit) == 64)
    limit.giveBack(of: .unknown)
    #expect(take(.unknown, of: &limit) == 1)
  }

  @Test("a connection is there until its end, and has a number of its own")
  func table() throws {
    let table = ConnectionTable(ConnectionLimit(1, isShared: true))
    for number: UInt64 in 1...3 {
      let connection = try table.take(for: .user(1))
      #expect(connection.number == number)
      #expect(throws: ConnectionLimit.Refusal.full) { _ = try table.take(for: .privileged) }
      connection.end()
    }
  }

  @Test("root and the user who serves are known by their numbers")
  func owners() throws {
    let admission = Admission(trustsAll: false, squash: nil, own: try .init(uid: 1000, gid: 1000))
    #expect(admission.user(of: (0, 5)) == .privileged)
    #expect(admission.user(of: (1000, 5)) == .privileged)
    #expect(admission.user(of: (1001, 1000)) == .user(1001))
    #expect(admission.user(of: nil) == .unknown)
    // There one number may be many users'.
    let blind = Admission(trustsAll: true, squash: nil, own: try .init(uid: 0, gid: 0), knowsPeers: false)
    #expect(blind.user(of: (0, 0)) == .unknown)
  }

  @Test("limits are enough for as many clients as they are enough for")
  func capacity() throws {
    func capacity(_ clients: Int, _ descriptors: UInt, _ addressSpace: UInt = .max) throws -> Capacity {
      try Capacity(
        clients: clients, allowed: Capacity.Allowed(descriptors: descriptors, addressSpace: addressSpace))
    }
    let usual = try capacity(1024, 1 << 20)
    #expect(usual.clients == 1024 && usual.descriptors == 524_288 && usual.clientDescriptors > 500_000)
    #expect(try capacity(65_536, 1 << 21).descriptors > 1 << 20)
    // Each has what its connection takes, and some fids.
    for (clients, descriptors): (Int, UInt) in [(1024, 16_416), (6, 128)] {
      let least = try capacity(clients, descriptors)
      #expect(least.descriptors == descriptors && least.clientDescriptors >= clients * 8)
      let shortage = #expect(throws: Capacity.Shortage.self) { try capacity(clients + 1, descriptors) }
      #expect(shortage?.clients == clients && shortage?.resource == .descriptors)
    }
    for descriptors: UInt in [0, 3, 20, 127] {
      let shortage = #expect(throws: Capacity.Shortage.self) { try capacity(1024, descriptors) }
      #expect(shortage?.clients == 0 && shortage?.needed == 128 && shortage?.limit == descriptors)
    }
    let shortage = #expect(throws: Capacity.Shortage.self) { try capacity(65_536, 1 << 21, 64 << 30) }
    #expect(shortage?.resource == .addressSpace && (shortage?.clients ?? 0) > 100)
    #expect(try capacity(shortage?.clients ?? 1, 1 << 21, 64 << 30).addressSpace <= 64 << 30)
    #expect(throws: Capacity.Shortage.self) { try capacity(1, 1 << 21, 1000) }
    #expect(usual.buffers == 4 << 30 && usual.addressSpace < 8 << 30)
    #expect(try capacity(65_536, 1 << 21).buffers == 65_536 * 4 << 20)
    #expect(try capacity(1024, 1 << 20, 3 << 30).buffers >= 1024 * 768 << 10)
  }

  @Test("lines come ten at once and then one a second, and say how many didn't")
  func log() {
    let second: UInt64 = 1_000_000_000
    var limit = LogLimit()
    var now = 5 * second
    #expect((0..<1000).count { _ in limit.admit(at: now) == 0 } == 10)
    now += second / 2
    #expect(limit.admit(at: now) == nil)
    now += second / 2
    #expect(limit.admit(at: now) == 991)
    #expect(limit.admit(at: now) == nil)
    now += 3 * second
    #expect([limit.admit(at: now), limit.admit(at: now), limit.admit(at: now)] == [1, 0, 0])
    #expect(limit.admit(at: now) == nil)
    now += 1000 * second
    #expect((0..<1000).count { _ in limit.admit(at: now) != nil } == 10)
  }
}
