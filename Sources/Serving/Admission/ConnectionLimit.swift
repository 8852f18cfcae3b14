/// Whose a connection is, as far as connections are shared out.
package enum ConnectionOwner: Hashable, Sendable {
  /// Root, or the user who serves.
  case privileged
  case user(UInt32)
  /// One that the kernel doesn't know, as over TCP.
  case unknown
}

/// How many connections there may be at a time, and how many of them each user may have.
///
/// An eighth is kept for root and the user who serves. Of the others a user may take one more while there are still half
/// as many free as the user has already: two thirds for one user alone, and always something for the next.
package struct ConnectionLimit: Sendable {
  /// The most there may be.
  package let most: Int
  /// How many of them are kept.
  private let kept: Int
  private let isShared: Bool
  private var total = 0
  private var privileged = 0
  /// Those of other owners, where there are any.
  private var counts: [ConnectionOwner: Int] = [:]

  /// - Parameters:
  ///   - most: at least 1.
  ///   - isShared: whether owners can be told apart. Else all connections are for whoever comes.
  package init(_ most: Int, isShared: Bool) {
    self.most = max(1, most)
    self.isShared = isShared
    // Where there is only one it is for whoever comes.
    kept = isShared ? min(max(1, most / 8), self.most - 1) : 0
  }

  /// Why there can't be another connection.
  package enum Refusal: Error, Equatable, Sendable {
    /// There are as many as there may be.
    case full
    /// The owner has so many, and the others are kept for other owners.
    case share(Int)
  }

  /// Takes one more for an owner.
  package mutating func take(for owner: ConnectionOwner) throws(Refusal) {
    guard total < most else { throw .full }
    if isShared, owner != .privileged {
      let count = counts[owner] ?? 0
      let free = most - total - max(0, kept - privileged)
      guard count < 2 * free else { throw .share(count) }
      counts[owner] = count + 1
    } else if owner == .privileged {
      privileged += 1
    }
    total += 1
  }

  /// Gives one back that was taken for an owner.
  package mutating func giveBack(of owner: ConnectionOwner) {
    total -= 1
    guard isShared || owner == .privileged else { return }
    if owner == .privileged {
      privileged -= 1
    } else if let count = counts[owner] {
      // What is forgotten costs nothing, however many users come and go.
      counts[owner] = count > 1 ? count - 1 : nil
    }
  }
}
