import Serving
import Testing

/// The number of connections that each user may have.
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
}
