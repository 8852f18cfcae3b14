public import Wire

/// One entry of an `Rreaddir`: `qid[13] offset[8] type[1] name[s]`. The offset is a cookie.
public struct DirectoryEntry: ~Escapable {
  /// Bytes on the wire, without the name's own.
  public static let fixedSize = 24

  /// The file. Linux looks at its path only.
  public var qid: Qid
  /// The directory cookie: a `Treaddir` with it continues after this entry.
  public var cookie: UInt64
  /// The kind of file.
  public var kind: Kind
  /// Its name, which may be `.` or `..`.
  public var name: Span<UInt8>

  /// An entry of these four fields.
  @_lifetime(copy name)
  public init(qid: Qid, cookie: UInt64, kind: Kind, name: Span<UInt8>) {
    self.qid = qid
    self.cookie = cookie
    self.kind = kind
    self.name = name
  }

  /// The kinds of file that a directory tells apart, `d_type`.
  public struct Kind: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt8

    /// The kind of this number, whatever it is.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `DT_UNKNOWN`.
    public static let unknown = Kind(rawValue: 0)
    /// `DT_FIFO`.
    public static let fifo = Kind(rawValue: 1)
    /// `DT_CHR`.
    public static let characterDevice = Kind(rawValue: 2)
    /// `DT_DIR`.
    public static let directory = Kind(rawValue: 4)
    /// `DT_BLK`.
    public static let blockDevice = Kind(rawValue: 6)
    /// `DT_REG`.
    public static let regular = Kind(rawValue: 8)
    /// `DT_LNK`.
    public static let symbolicLink = Kind(rawValue: 10)
    /// `DT_SOCK`.
    public static let socket = Kind(rawValue: 12)
  }
}

/// Packs directory entries into an `Rreaddir`, whole ones only: Linux fails the listing where one is cut.
public struct DirectoryPacker: Sendable {
  /// Bytes of all entries so far. A reply of none says that the directory has ended: where entries are left and not even
  /// one fits, the answer is ``ErrorNumber/invalid``.
  public private(set) var count = 0
  private let limit: Int

  /// Packs at most `limit` bytes, what ``MessageSize/data(_:within:)`` says.
  public init(limit: Int) {
    self.limit = limit
  }

  /// Puts an entry behind those that stand in the reply's buffer; false where there is no room for it.
  public mutating func append(_ entry: DirectoryEntry, to buffer: inout MutableSpan<UInt8>) -> Bool {
    let room = min(limit, buffer.count - Frame.dataOffset) - count
    guard entry.name.count <= Name.longest, DirectoryEntry.fixedSize + entry.name.count <= room else { return false }
    let start = Frame.dataOffset + count
    var writer = Writer(&buffer, at: start)
    writer.qid(entry.qid)
    writer.u64(entry.cookie)
    writer.u8(entry.kind.rawValue)
    writer.string(entry.name)
    count = writer.end - Frame.dataOffset
    return true
  }
}

/// The entries of an `Rreaddir`, as a client reads them.
public struct DirectoryEntries: ~Escapable {
  private var reader: Reader

  /// The entries that are all of `data`.
  @_lifetime(copy data)
  public init(_ data: Span<UInt8>) {
    reader = Reader(data)
  }

  /// Takes the first of those that are still to come.
  ///
  /// - Throws: ``Malformed`` where it is cut, or its name can't be one.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  public mutating func next() throws(Malformed) -> DirectoryEntry? {
    if reader.rest.isEmpty { return nil }
    return DirectoryEntry(
      qid: try reader.qid(), cookie: try reader.u64(), kind: DirectoryEntry.Kind(rawValue: try reader.u8()),
      name: try reader.nameOrDots())
  }
}
