internal import Synchronization

/// The threads for slow requests of all clients together, each of which takes address space for its stack.
///
/// One half is for clients that have none yet.
package final class ThreadBudget: Sendable {
  private let most: Int
  private let taken = Atomic<Int>(0)

  package init(_ threads: Int) {
    most = threads
  }

  /// Takes one for a client that has so many.
  ///
  /// - Returns: whether there was one.
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
