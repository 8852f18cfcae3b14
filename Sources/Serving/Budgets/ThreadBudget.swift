internal import Synchronization

/// The threads for slow requests of all clients, each of which takes address space for its stack.
///
/// Half of them are reserved for clients that have none yet.
package final class ThreadBudget: Sendable {
  private let most: Int
  private let taken = Atomic<Int>(0)

  package init(_ threads: Int) {
    most = threads
  }

  /// Takes a thread for a client that has `count` already.
  ///
  /// - Returns: false if there is none.
  func take(beside count: Int) -> Bool {
    let limit = count == 0 ? most : most / 2
    guard taken.add(1, ordering: .relaxed).newValue > limit else { return true }
    taken.subtract(1, ordering: .relaxed)
    return false
  }

  func giveBack() {
    taken.subtract(1, ordering: .relaxed)
  }
}
