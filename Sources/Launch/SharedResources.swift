package import Serving

/// What all clients of a serving process share.
package struct SharedResources: Sendable {
  /// The accounts of users that an attach may name.
  package let accounts: Accounts
  package let descriptors: DescriptorBudget
  package let memory: MemoryBudget
  package let threads: ThreadBudget
  package let locks = LockTable()
  /// The clients that may take their time to attach. A QEMU that a socket joins to its guest connects when it starts, and
  /// the guest mounts when it likes.
  let lateClients: LateClients

  enum LateClients {
    case none, trusted, all
  }

  /// What a client of this authority is granted.
  func terms(for authority: Authority) -> ClientTerms {
    ClientTerms(
      authority: authority, mayAttachLate: lateClients == .all || lateClients == .trusted && authority == .trusted,
      shared: self)
  }
}
