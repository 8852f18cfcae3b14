import Wire

/// A part of the guest's memory, as a message describes it; the file that it is mapped from comes beside.
package struct MemoryRegion: Equatable, Sendable {
  /// Bytes on the wire.
  static let size = 32

  /// The address of its first byte in the guest's physical address space.
  package var guestAddress: UInt64
  /// Bytes.
  package var size: UInt64
  /// The address of its first byte in the front end's own address space.
  package var userAddress: UInt64
  /// The offset of its first byte in the file.
  package var fileOffset: UInt64

  /// Assembles a description.
  package init(guestAddress: UInt64, size: UInt64, userAddress: UInt64, fileOffset: UInt64) {
    self.guestAddress = guestAddress
    self.size = size
    self.userAddress = userAddress
    self.fileOffset = fileOffset
  }

  @_lifetime(reader: copy reader)
  init(_ reader: inout Reader) throws(Malformed) {
    guestAddress = try reader.u64()
    size = try reader.u64()
    userAddress = try reader.u64()
    fileOffset = try reader.u64()
    guard size > 0, !guestAddress.addingReportingOverflow(size).overflow,
      !userAddress.addingReportingOverflow(size).overflow, !fileOffset.addingReportingOverflow(size).overflow
    else { throw .value }
  }

  /// Whether a byte of the guest's is in both.
  func overlaps(_ other: MemoryRegion) -> Bool {
    guestAddress < other.guestAddress
      ? other.guestAddress - guestAddress < size : guestAddress - other.guestAddress < other.size
  }
}
