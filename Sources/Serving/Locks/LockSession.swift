/// A session's part of the table.
struct LockSession {
  /// Its ranges, in the order of file, owner and first byte.
  var locked: [Int32] = []
  /// Its requests that wait.
  var waits: [Int32] = []
  /// Answers that aren't sent yet.
  var answers: [LockAnswer] = []
  /// Tells the session of answers, once a request was held.
  var signal: LockSignal?
  /// Names of its clients, each with the number of ranges that have it.
  private var clients: [(name: LockClient, uses: Int)] = []

  /// Tells whether an owner has locked anything, by looking at all ranges.
  func hasLocked(_ owner: LockOwner, in ranges: LockRanges) -> Bool {
    for node in locked where ranges[node].owner == owner { return true }
    return false
  }

  func name(_ client: Int32) -> LockClient { clients[Int(client)].name }

  func number(of name: LockClient) -> Int32? {
    for index in clients.indices where clients[index].uses > 0 && clients[index].name == name {
      return Int32(truncatingIfNeeded: index)
    }
    return nil
  }

  mutating func addedNumber(of name: LockClient) -> Int32 {
    if let number = number(of: name) { return number }
    for index in clients.indices where clients[index].uses == 0 {
      clients[index].name = name
      return Int32(truncatingIfNeeded: index)
    }
    clients.append((name: name, uses: 0))
    return Int32(truncatingIfNeeded: clients.count - 1)
  }

  mutating func take(_ client: Int32) { clients[Int(client)].uses += 1 }
  mutating func giveBack(_ client: Int32) { clients[Int(client)].uses -= 1 }
}
