internal import Synchronization
package import SystemPackage

/// The bytes that all clients' buffers may have together.
///
/// Half of them belong to the clients, as many to each as to any other, so that none is left without because of others. The
/// other half is for whoever comes first.
package final class MemoryBudget: Sendable {
  /// What belongs to each client.
  private let own: Int
  private let shared: Int
  private let taken = Atomic<Int>(0)

  /// So many bytes, for at most so many clients.
  package init(_ bytes: Int, clients: Int) {
    own = bytes / 2 / max(1, clients)
    shared = bytes - own * max(1, clients)
  }

  /// Takes bytes for a client that has so many already.
  ///
  /// - Returns: whether there were as many.
  fileprivate func take(_ bytes: Int, beside held: Int) -> Bool {
    let more = max(0, held + bytes - own) - max(0, held - own)
    guard more > 0 else { return true }
    guard taken.add(more, ordering: .relaxed).newValue > shared else { return true }
    taken.subtract(more, ordering: .relaxed)
    return false
  }

  /// Gives bytes back of those that a client has.
  fileprivate func giveBack(_ bytes: Int, of held: Int) {
    let more = max(0, held - own) - max(0, held - bytes - own)
    if more > 0 { taken.subtract(more, ordering: .relaxed) }
  }
}

/// What one client has of a ``MemoryBudget``. All threads of its connection take from it.
package final class ClientMemory: Sendable {
  private let budget: MemoryBudget
  private let held = Mutex(0)

  package init(of budget: MemoryBudget) {
    self.budget = budget
  }

  fileprivate func take(_ bytes: Int) -> Bool {
    held.withLock { held in
      guard budget.take(bytes, beside: held) else { return false }
      held += bytes
      return true
    }
  }

  fileprivate func giveBack(_ bytes: Int) {
    held.withLock { held in
      budget.giveBack(bytes, of: held)
      held -= bytes
    }
  }
}

/// Bytes that were taken from the budget, until this ends.
package struct MemoryCharge: ~Copyable {
  private let memory: ClientMemory
  private let bytes: Int

  /// - Throws: `ENOMEM` where the budget has no room for them.
  package init(_ bytes: Int, of memory: ClientMemory) throws(Errno) {
    guard memory.take(bytes) else { throw .noMemory }
    self.memory = memory
    self.bytes = bytes
  }

  deinit {
    memory.giveBack(bytes)
  }
}
