/// The answer to ``RequestType/status``: the fields of `struct stat`, widened.
public struct FileStatus: Equatable, Sendable {
  /// Bytes on the wire.
  public static let size = 116

  public var device: UInt64 = 0
  public var inode: UInt64 = 0
  public var links: UInt64 = 0
  public var mode: UInt32 = 0
  public var uid: UInt32 = 0
  public var gid: UInt32 = 0
  public var specialDevice: UInt64 = 0
  /// Bytes.
  public var size: UInt64 = 0
  /// Bytes.
  public var blockSize: UInt64 = 0
  /// Units of 512 bytes.
  public var blocks: UInt64 = 0
  public var access = Request.Time(seconds: 0, nanoseconds: 0)
  public var modification = Request.Time(seconds: 0, nanoseconds: 0)
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

  public var type: UInt64 = 0
  /// Bytes.
  public var blockSize: UInt64 = 0
  public var blocks: UInt64 = 0
  public var freeBlocks: UInt64 = 0
  public var availableBlocks: UInt64 = 0
  public var files: UInt64 = 0
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
