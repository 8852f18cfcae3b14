internal import Synchronization

/// The connections that there are.
package final class ConnectionTable: Sendable {
  private let state: Mutex<State>
  /// The most there may be.
  package let most: Int

  private struct State {
    var limit: ConnectionLimit
    var last: UInt64 = 0
  }

  package init(_ limit: ConnectionLimit) {
    most = limit.most
    state = Mutex(State(limit: limit))
  }

  /// Lets one more in.
  package func take(for owner: ConnectionOwner) throws(ConnectionLimit.Refusal) -> Connection {
    let number = try state.withLock { state throws(ConnectionLimit.Refusal) in
      try state.limit.take(for: owner)
      state.last += 1
      return state.last
    }
    return Connection(number: number, owner: owner, table: self)
  }

  fileprivate func giveBack(of owner: ConnectionOwner) {
    state.withLock { state in state.limit.giveBack(of: owner) }
  }
}

/// One of the connections that there may be, until its end.
package struct Connection: ~Copyable, Sendable {
  /// No other has had it.
  package let number: UInt64
  private let owner: ConnectionOwner
  private let table: ConnectionTable

  fileprivate init(number: UInt64, owner: ConnectionOwner, table: ConnectionTable) {
    self.number = number
    self.owner = owner
    self.table = table
  }

  /// Lets another one in.
  package consuming func end() {}

  deinit { table.giveBack(of: owner) }
}
