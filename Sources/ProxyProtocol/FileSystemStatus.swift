public import Wire

/// The answer to ``RequestType/fileSystemStatus``: the fields of `struct statfs`, widened.
public struct FileSystemStatus: Sendable {
  /// Bytes on the wire.
  public static let size = 88

  /// The kind of file system, one of the kernel's magic numbers, `f_type`.
  public var type: UInt64 = 0
  /// Bytes.
  public var blockSize: UInt64 = 0
  /// All blocks, `f_blocks`.
  public var blocks: UInt64 = 0
  /// Blocks that are free, also those kept for root, `f_bfree`.
  public var freeBlocks: UInt64 = 0
  /// Blocks that an ordinary user may take, `f_bavail`.
  public var availableBlocks: UInt64 = 0
  /// Inodes in all, `f_files`.
  public var files: UInt64 = 0
  /// Inodes that are free, `f_ffree`.
  public var freeFiles: UInt64 = 0
  /// Both halves of `f_fsid`, sign-extended as C widens an `int`.
  public var identifier: (UInt64, UInt64) = (0, 0)
  /// The longest name, in bytes.
  public var nameLength: UInt64 = 0
  /// Bytes.
  public var fragmentSize: UInt64 = 0

  /// All fields zero.
  public init() {}

  /// Decodes a reply's payload.
  ///
  /// - Throws: ``Malformed`` where it isn't exactly ``size`` bytes.
  public init(_ payload: Span<UInt8>) throws(Malformed) {
    var reader = Reader(payload)
    type = try reader.u64()
    blockSize = try reader.u64()
    blocks = try reader.u64()
    freeBlocks = try reader.u64()
    availableBlocks = try reader.u64()
    files = try reader.u64()
    freeFiles = try reader.u64()
    identifier = (try reader.u64(), try reader.u64())
    nameLength = try reader.u64()
    fragmentSize = try reader.u64()
    try reader.end()
  }
}
