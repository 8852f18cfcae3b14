internal import Synchronization

/// The open connections of a process.
package final class ConnectionTable: Sendable {
  private let state: Mutex<State>
  /// The largest number of connections.
  package let most: Int

  private struct State {
    var limit: ConnectionLimit
    var last: UInt64 = 0
  }

  package init(_ limit: ConnectionLimit) {
    most = limit.most
    state = Mutex(State(limit: limit))
  }

  /// Takes a connection for a user.
  package func take(for user: PeerUser) throws(ConnectionLimit.Refusal) -> Connection {
    let number = try state.withLock { state throws(ConnectionLimit.Refusal) in
      try state.limit.take(for: user)
      state.last += 1
      return state.last
    }
    return Connection(number: number, user: user, table: self)
  }

  fileprivate func giveBack(of user: PeerUser) {
    state.withLock { state in state.limit.giveBack(of: user) }
  }
}

/// An entry of the connection table, given back at its end.
package struct Connection: ~Copyable, Sendable {
  /// The connection's number, which no other connection of the process gets.
  package let number: UInt64
  private let user: PeerUser
  private let table: ConnectionTable

  fileprivate init(number: UInt64, user: PeerUser, table: ConnectionTable) {
    self.number = number
    self.user = user
    self.table = table
  }

  /// Gives the entry back, for another connection to take.
  package consuming func end() {}

  deinit { table.giveBack(of: user) }
}
