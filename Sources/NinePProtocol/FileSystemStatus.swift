/// The fields of an `Rstatfs`: those of `struct statfs`.
package struct FileSystemStatus: Equatable, Sendable {
  /// Bytes on the wire.
  package static let size = 60

  /// The kind of file system, one of the kernel's magic numbers.
  package var type: UInt32 = 0
  /// Bytes.
  package var blockSize: UInt32 = 0
  /// All blocks.
  package var blocks: UInt64 = 0
  /// Blocks that are free, also those kept for root.
  package var freeBlocks: UInt64 = 0
  /// Blocks that an ordinary user may take.
  package var availableBlocks: UInt64 = 0
  /// Inodes in all.
  package var files: UInt64 = 0
  /// Inodes that are free.
  package var freeFiles: UInt64 = 0
  /// Both halves of `f_fsid`, the first in the lower bits.
  package var identifier: UInt64 = 0
  /// The longest name, in bytes.
  package var nameLength: UInt32 = 0

  /// All fields zero.
  package init() {}
}
