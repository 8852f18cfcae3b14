/// The flags of an open file: bits of 9P2000.L, which are Linux's on x86. A host may have others.
public struct OpenFlags: OptionSet, Hashable, Sendable {
  /// The bits on the wire.
  public let rawValue: UInt32

  /// These bits, whatever they are.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `O_CREAT`. ``RequestType/lcreate`` implies it, and ``RequestType/lopen`` must not create.
  public static let create = OpenFlags(rawValue: 0o100)
  /// `O_EXCL`.
  public static let exclusive = OpenFlags(rawValue: 0o200)
  /// `O_NOCTTY`.
  public static let noControllingTerminal = OpenFlags(rawValue: 0o400)
  /// `O_TRUNC`.
  public static let truncate = OpenFlags(rawValue: 0o1000)
  /// `O_APPEND`.
  public static let append = OpenFlags(rawValue: 0o2000)
  /// `O_NONBLOCK`.
  public static let nonBlocking = OpenFlags(rawValue: 0o4000)
  /// `O_DSYNC`.
  public static let synchronousData = OpenFlags(rawValue: 0o10000)
  /// `FASYNC`.
  public static let signals = OpenFlags(rawValue: 0o20000)
  /// `O_DIRECT`.
  public static let direct = OpenFlags(rawValue: 0o40000)
  /// `O_LARGEFILE`.
  public static let largeFile = OpenFlags(rawValue: 0o100000)
  /// `O_DIRECTORY`.
  public static let directory = OpenFlags(rawValue: 0o200000)
  /// `O_NOFOLLOW`.
  public static let noFollow = OpenFlags(rawValue: 0o400000)
  /// `O_NOATIME`.
  public static let noAccessTime = OpenFlags(rawValue: 0o1000000)
  /// `O_CLOEXEC`.
  public static let closeOnExec = OpenFlags(rawValue: 0o2000000)
  /// `O_SYNC` without ``synchronousData``, which Linux sets beside it.
  public static let synchronous = OpenFlags(rawValue: 0o4000000)

  /// `O_ACCMODE`: the bits that ``access`` reads.
  private static let accessBits: UInt32 = 3

  /// The access that the file is opened for; nil for 3, which is none.
  public var access: Access? { Access(rawValue: rawValue & Self.accessBits) }

  /// The access that a file is opened for.
  public enum Access: UInt32, Sendable {
    /// `O_RDONLY`.
    case read = 0
    /// `O_WRONLY`.
    case write = 1
    /// `O_RDWR`.
    case readWrite = 2
  }

  /// These flags, opened for `access`.
  public init(_ access: Access, with flags: OpenFlags = []) {
    rawValue = flags.rawValue & ~Self.accessBits | access.rawValue
  }
}
