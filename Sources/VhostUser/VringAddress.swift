/// The places of a ring's three parts, in the front end's own address space (`struct vhost_vring_addr`).
package struct VringAddress: Equatable, Sendable {
  /// The ring's number.
  package var index: UInt32
  /// The descriptor table.
  package var descriptors: UInt64
  /// The used ring, which the back end writes.
  package var used: UInt64
  /// The available ring, which the guest writes.
  package var available: UInt64

  /// Assembles the places.
  package init(index: UInt32, descriptors: UInt64, used: UInt64, available: UInt64) {
    self.index = index
    self.descriptors = descriptors
    self.used = used
    self.available = available
  }
}
