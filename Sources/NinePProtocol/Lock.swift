/// A range of a file that is locked, or is to be, and for whom: part of `Tlock`, `Tgetlock` and `Rgetlock`.
public struct Lock: ~Escapable {
  /// The bytes of an `Rgetlock`'s fields, without the client's name: `type[1] start[8] length[8] proc_id[4]` and the
  /// name's length.
  static let fixedSize = 23

  /// The access that the lock denies to others.
  public var kind: Kind
  /// The range's first byte.
  public var start: UInt64
  /// Bytes; 0 reaches to the file's end, wherever that will be.
  public var length: UInt64
  /// The process on the client.
  public var process: UInt32
  /// The client's name for itself, any bytes.
  public var client: Span<UInt8>

  /// A lock of these five fields.
  @_lifetime(copy client)
  public init(kind: Kind, start: UInt64, length: UInt64, process: UInt32, client: Span<UInt8>) {
    self.kind = kind
    self.start = start
    self.length = length
    self.process = process
    self.client = client
  }

  /// The access that a lock denies to others.
  public enum Kind: UInt8, Sendable {
    /// `P9_LOCK_TYPE_RDLCK`: from writing.
    case shared = 0
    /// `P9_LOCK_TYPE_WRLCK`: from reading and writing.
    case exclusive = 1
    /// `P9_LOCK_TYPE_UNLCK`: from nothing. Linux also sends it in every `Tgetlock`, whatever the program asked.
    case unlocked = 2
  }

  /// The flags of ``RequestType/lock``.
  public struct Flags: OptionSet, Hashable, Sendable {
    /// The bits on the wire.
    public let rawValue: UInt32

    /// These bits, whatever they are.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// `P9_LOCK_FLAGS_BLOCK`: the client waits for the lock.
    public static let block = Flags(rawValue: 1)
    /// `P9_LOCK_FLAGS_RECLAIM`.
    public static let reclaim = Flags(rawValue: 2)
  }

  /// The outcome of a lock.
  public enum Status: UInt8, Sendable {
    /// `P9_LOCK_SUCCESS`.
    case success = 0
    /// `P9_LOCK_BLOCKED`: another has it.
    case blocked = 1
    /// `P9_LOCK_ERROR`.
    case error = 2
    /// `P9_LOCK_GRACE`.
    case grace = 3
  }
}
