internal import Synchronization
package import SystemPackage

/// The bytes of all clients' buffers.
///
/// Half of them are reserved, the same number for each client, so that no client is left without because of others. Clients
/// share the other half, first come, first served.
package final class MemoryBudget: Sendable {
  /// The number of bytes that are reserved for each client.
  private let own: Int
  private let shared: Int
  private let taken = Atomic<Int>(0)

  /// Creates a budget of this many bytes, for at most this many clients.
  package init(_ bytes: Int, clients: Int) {
    own = bytes / 2 / max(1, clients)
    shared = bytes - own * max(1, clients)
  }

  /// Takes bytes for a client that has `held` already.
  ///
  /// - Returns: false if the budget has no room.
  fileprivate func take(_ bytes: Int, beside held: Int) -> Bool {
    let more = max(0, held + bytes - own) - max(0, held - own)
    guard more > 0 else { return true }
    guard taken.add(more, ordering: .relaxed).newValue > shared else { return true }
    taken.subtract(more, ordering: .relaxed)
    return false
  }

  /// Gives back bytes of the `held` ones that a client has.
  fileprivate func giveBack(_ bytes: Int, of held: Int) {
    let more = max(0, held - own) - max(0, held - bytes - own)
    if more > 0 { taken.subtract(more, ordering: .relaxed) }
  }
}

/// A client's share of a ``MemoryBudget``, used by all threads of its connection.
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

/// Bytes taken from the budget, given back when this ends.
package struct MemoryCharge: ~Copyable {
  private let memory: ClientMemory
  private let bytes: Int

  /// Takes bytes.
  ///
  /// - Throws: `ENOMEM` if the budget has no room.
  package init(_ bytes: Int, of memory: ClientMemory) throws(Errno) {
    guard memory.take(bytes) else { throw .noMemory }
    self.memory = memory
    self.bytes = bytes
  }

  deinit {
    memory.giveBack(bytes)
  }
}
