/// The reason why nothing on a ring can be trusted any more.
package enum RingFault: Error, Equatable, Sendable {
  /// More is available than the ring has entries.
  case availableIndex
  /// A descriptor's number isn't one of the table's.
  case descriptorIndex
  /// A chain is longer than the ring, or leads back to itself.
  case chainLength
  /// A descriptor to be read follows one to be written.
  case order
  /// A table of descriptors has a size that there can't be, stands within another or in the middle of a chain, or
  /// wasn't negotiated.
  case indirectTable
  /// A table of descriptors, or a part of the ring, is in memory that isn't mapped.
  case unmapped
  /// The file behind a part of the guest's memory was shortened.
  case memoryLost
  /// A chain's first bytes are no request that could be answered.
  case request
}
