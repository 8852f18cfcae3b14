/// The number of connections at a time, and of those that each user may have.
///
/// An eighth is reserved for root and the user of this process. Of the rest, a user may take one more while at least half
/// as many are free as the user has: a user alone gets two thirds, and the next one always gets some.
package struct ConnectionLimit: Sendable {
  /// The largest number of connections.
  package let most: Int
  /// The number of connections that are reserved.
  private let reserved: Int
  private let isShared: Bool
  private var total = 0
  private var privileged = 0
  /// The connections of other users, for users that have any.
  private var counts: [PeerUser: Int] = [:]

  /// Creates a limit without any connections.
  ///
  /// - Parameters:
  ///   - most: the largest number of connections, at least 1.
  ///   - isShared: counts connections by user. Otherwise any user may take all of them.
  package init(_ most: Int, isShared: Bool) {
    self.most = max(1, most)
    self.isShared = isShared
    // A single connection isn't reserved.
    reserved = isShared ? min(max(1, most / 8), self.most - 1) : 0
  }

  /// The reason why there can't be another connection.
  package enum Refusal: Error, Equatable, Sendable {
    /// The limit is reached.
    case full
    /// The user has this many connections, and the free ones are for other users.
    case share(Int)
  }

  /// Takes a connection for a user.
  package mutating func take(for user: PeerUser) throws(Refusal) {
    guard total < most else { throw .full }
    if isShared, user != .privileged {
      let count = counts[user] ?? 0
      let free = most - total - max(0, reserved - privileged)
      guard count < 2 * free else { throw .share(count) }
      counts[user] = count + 1
    } else if user == .privileged {
      privileged += 1
    }
    total += 1
  }

  /// Gives back a connection that was taken for a user.
  package mutating func giveBack(of user: PeerUser) {
    total -= 1
    guard isShared || user == .privileged else { return }
    if user == .privileged {
      privileged -= 1
    } else if let count = counts[user] {
      // The entry of a user without connections is removed: memory doesn't grow as users come and go.
      counts[user] = count > 1 ? count - 1 : nil
    }
  }
}
