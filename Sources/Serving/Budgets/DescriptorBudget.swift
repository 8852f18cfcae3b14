internal import Synchronization

/// The descriptors of the objects that all clients hold.
///
/// Half of them are reserved, the same number for each client, so that no client is left without because of others. Clients
/// share the other half, first come, first served.
package final class DescriptorBudget: Sendable {
  /// The number of descriptors that are reserved for each client.
  private let own: Int
  private let shared: Int
  private let taken = Atomic<Int>(0)

  /// Creates a budget of this many descriptors, for at most this many clients.
  package init(_ descriptors: Int, clients: Int) {
    own = max(1, descriptors / 2 / clients)
    shared = max(0, descriptors - own * clients)
  }

  /// Tells whether a client with `count` descriptors may have one more. Several that ask at once may get one more each.
  package func hasRoom(beside count: Int) -> Bool {
    count < own || taken.load(ordering: .relaxed) < shared
  }

  /// Counts a descriptor that a client has taken; the client has `count` now.
  package func take(for count: Int) {
    if count > own { taken.add(1, ordering: .relaxed) }
  }

  /// Gives back some of the `count` descriptors that a client had.
  package func giveBack(_ descriptors: Int, of count: Int) {
    let more = min(descriptors, count - own)
    if more > 0 { taken.subtract(more, ordering: .relaxed) }
  }

  /// Takes a shared descriptor for another purpose than an object that a client holds.
  ///
  /// - Returns: nil if there is none.
  package func takeExtra() -> ExtraDescriptor? {
    guard taken.add(1, ordering: .relaxed).newValue <= shared else {
      taken.subtract(1, ordering: .relaxed)
      return nil
    }
    return ExtraDescriptor(self)
  }

  fileprivate func giveBackExtra(_ count: Int = 1) {
    taken.subtract(count, ordering: .relaxed)
  }

  fileprivate func takeExtras(_ count: Int) -> Bool {
    guard taken.add(count, ordering: .relaxed).newValue <= shared else {
      taken.subtract(count, ordering: .relaxed)
      return false
    }
    return true
  }
}

/// A descriptor taken from the budget, given back when this ends.
package struct ExtraDescriptor: ~Copyable, Sendable {
  private let budget: DescriptorBudget

  fileprivate init(_ budget: DescriptorBudget) {
    self.budget = budget
  }

  deinit { budget.giveBackExtra() }
}

/// Several descriptors taken from the budget, given back when this ends.
package struct ExtraDescriptors: ~Copyable {
  private let budget: DescriptorBudget
  private var count = 0

  package init(_ budget: DescriptorBudget) {
    self.budget = budget
  }

  deinit { budget.giveBackExtra(count) }

  /// Takes descriptors until there are at least `wanted`.
  ///
  /// - Returns: false, with none taken, if the budget has too few.
  package mutating func have(_ wanted: Int) -> Bool {
    guard wanted > count else { return true }
    guard budget.takeExtras(wanted - count) else { return false }
    count = wanted
    return true
  }

  /// Gives all of them back.
  package mutating func giveBack() {
    guard count > 0 else { return }
    budget.giveBackExtra(count)
    count = 0
  }
}
