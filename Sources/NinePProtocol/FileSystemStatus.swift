/// The fields of an `Rstatfs`: those of `struct statfs`.
public struct FileSystemStatus: Equatable, Sendable {
  /// Bytes on the wire.
  public static let size = 60

  /// The kind of file system, one of the kernel's magic numbers.
  public var type: UInt32 = 0
  /// Bytes.
  public var blockSize: UInt32 = 0
  /// All blocks.
  public var blocks: UInt64 = 0
  /// Blocks that are free, also those kept for root.
  public var freeBlocks: UInt64 = 0
  /// Blocks that an ordinary user may take.
  public var availableBlocks: UInt64 = 0
  /// Inodes in all.
  public var files: UInt64 = 0
  /// Inodes that are free.
  public var freeFiles: UInt64 = 0
  /// Both halves of `f_fsid`, the first in the lower bits.
  public var identifier: UInt64 = 0
  /// The longest name, in bytes.
  public var nameLength: UInt32 = 0

  /// All fields zero.
  public init() {}
}
