/// The answer to ``RequestType/status``: the fields of `struct stat`, widened.
public struct FileStatus: Equatable, Sendable {
  /// Bytes on the wire.
  public static let size = 116

  /// The device that the file is on, `st_dev`.
  public var device: UInt64 = 0
  /// The file's number on its device, `st_ino`.
  public var inode: UInt64 = 0
  /// Hard links, `st_nlink`.
  public var links: UInt64 = 0
  /// Type and permission bits, `st_mode`.
  public var mode: UInt32 = 0
  /// The owner, as the host numbers users.
  public var uid: UInt32 = 0
  /// The group, as the host numbers groups.
  public var gid: UInt32 = 0
  /// The device that a device file stands for, `st_rdev`.
  public var specialDevice: UInt64 = 0
  /// Bytes.
  public var size: UInt64 = 0
  /// Bytes.
  public var blockSize: UInt64 = 0
  /// Units of 512 bytes.
  public var blocks: UInt64 = 0
  /// The last access, `st_atim`.
  public var access = Request.Time(seconds: 0, nanoseconds: 0)
  /// The last change of the contents, `st_mtim`.
  public var modification = Request.Time(seconds: 0, nanoseconds: 0)
  /// The last change of contents or attributes, `st_ctim`.
  public var change = Request.Time(seconds: 0, nanoseconds: 0)

  /// All fields zero.
  public init() {}

  /// Decodes a reply's payload.
  ///
  /// - Throws: ``Malformed`` where it isn't exactly ``size`` bytes.
  public init(_ payload: Span<UInt8>) throws(Malformed) {
    var reader = Reader(payload)
    device = try reader.u64()
    inode = try reader.u64()
    links = try reader.u64()
    mode = try reader.u32()
    uid = try reader.u32()
    gid = try reader.u32()
    specialDevice = try reader.u64()
    size = try reader.u64()
    blockSize = try reader.u64()
    blocks = try reader.u64()
    access = Request.Time(seconds: try reader.i64(), nanoseconds: try reader.i64())
    modification = Request.Time(seconds: try reader.i64(), nanoseconds: try reader.i64())
    change = Request.Time(seconds: try reader.i64(), nanoseconds: try reader.i64())
    try reader.end()
  }
}

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
