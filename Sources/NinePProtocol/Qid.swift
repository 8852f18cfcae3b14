import Wire

/// The server's identification of a file: the same for every fid of the file, and of no other file. See intro(5).
public struct Qid: Equatable, Sendable {
  /// Bytes on the wire: `type[1] version[4] path[8]`.
  public static let size = 13

  /// The kind of file.
  public var kind: Kind
  /// Changes as the contents do. Linux doesn't cache what it opens with version 0.
  public var version: UInt32
  /// The file's number. Linux derives its inode number from it.
  public var path: UInt64

  /// A qid of these three fields.
  public init(kind: Kind, version: UInt32, path: UInt64) {
    self.kind = kind
    self.version = version
    self.path = path
  }

  /// The kinds of file that 9P tells apart, the upper bits of Plan 9's modes.
  public struct Kind: OptionSet, Hashable, Sendable {
    /// The bits on the wire.
    public let rawValue: UInt8

    /// These bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `QTFILE`: what is none of the others, also a device, FIFO or socket.
    public static let file: Kind = []
    /// `QTDIR`.
    public static let directory = Kind(rawValue: 0x80)
    /// `QTAPPEND`.
    public static let appendOnly = Kind(rawValue: 0x40)
    /// `QTEXCL`.
    public static let exclusive = Kind(rawValue: 0x20)
    /// `QTMOUNT`.
    public static let mount = Kind(rawValue: 0x10)
    /// `QTAUTH`.
    public static let authentication = Kind(rawValue: 0x08)
    /// `QTTMP`.
    public static let temporary = Kind(rawValue: 0x04)
    /// `QTSYMLINK`.
    public static let symbolicLink = Kind(rawValue: 0x02)
    /// `QTLINK`.
    public static let hardLink = Kind(rawValue: 0x01)
  }
}

/// The qids of an `Rwalk`, one for each name that was found.
public struct Qids: ~Escapable {
  /// The number of qids that are left.
  public private(set) var count: Int
  private var reader: Reader

  /// `count` qids, which are all of `packed`.
  @_lifetime(copy packed)
  init(count: Int, packed: Span<UInt8>) throws(Malformed) {
    guard count <= Names.maximumCount else { throw .count }
    guard packed.count >= count * Qid.size else { throw .truncated }
    guard packed.count == count * Qid.size else { throw .trailing }
    self.count = count
    reader = Reader(packed)
  }

  /// Takes the next qid.
  @_lifetime(self: copy self)
  public mutating func next() -> Qid? {
    guard count > 0, let qid = try? reader.qid() else { return nil }
    count -= 1
    return qid
  }
}
