internal import Synchronization

/// The fids of all clients together, which are the descriptors that there may be.
///
/// Half of them belong to the clients, as many to each as to any other, so that none is left without because of others. The
/// other half is for whoever comes first.
package final class DescriptorBudget: Sendable {
  /// What belongs to each client.
  private let own: Int
  private let shared: Int
  private let taken = Atomic<Int>(0)

  /// So many fids, for at most so many clients.
  package init(_ descriptors: Int, clients: Int) {
    own = max(1, descriptors / 2 / clients)
    shared = max(0, descriptors - own * clients)
  }

  /// Whether a client that has so many may have one more. Several that ask at once may get one more each.
  package func hasRoom(beside count: Int) -> Bool {
    count < own || taken.load(ordering: .relaxed) < shared
  }

  /// A client has taken one, and has so many now.
  package func take(for count: Int) {
    if count > own { taken.add(1, ordering: .relaxed) }
  }

  /// A client gives some of the `count` back that it had.
  package func giveBack(_ descriptors: Int, of count: Int) {
    let more = min(descriptors, count - own)
    if more > 0 { taken.subtract(more, ordering: .relaxed) }
  }

  /// Takes one of those that are for whoever comes first, for something else than a fid.
  ///
  /// - Returns: nil where there is none.
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

/// That there may be one descriptor more, until this ends.
package struct ExtraDescriptor: ~Copyable, Sendable {
  private let budget: DescriptorBudget

  fileprivate init(_ budget: DescriptorBudget) {
    self.budget = budget
  }

  deinit { budget.giveBackExtra() }
}

/// That there may be some more.
package struct ExtraDescriptors: ~Copyable {
  private let budget: DescriptorBudget
  private var count = 0

  package init(_ budget: DescriptorBudget) {
    self.budget = budget
  }

  deinit { budget.giveBackExtra(count) }

  /// Takes as many as it takes to have so many.
  ///
  /// - Returns: false where there aren't so many.
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
