/// The flags of an open file: bits of 9P2000.L, which are Linux's on x86. A host may have others.
package struct OpenFlags: OptionSet, Hashable, Sendable {
  /// The bits on the wire.
  package let rawValue: UInt32

  /// These bits, whatever they are.
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `O_CREAT`. ``RequestType/lcreate`` implies it, and ``RequestType/lopen`` must not create.
  package static let create = OpenFlags(rawValue: 0o100)
  /// `O_EXCL`.
  package static let exclusive = OpenFlags(rawValue: 0o200)
  /// `O_NOCTTY`.
  package static let noControllingTerminal = OpenFlags(rawValue: 0o400)
  /// `O_TRUNC`.
  package static let truncate = OpenFlags(rawValue: 0o1000)
  /// `O_APPEND`.
  package static let append = OpenFlags(rawValue: 0o2000)
  /// `O_NONBLOCK`.
  package static let nonBlocking = OpenFlags(rawValue: 0o4000)
  /// `O_DSYNC`.
  package static let synchronousData = OpenFlags(rawValue: 0o10000)
  /// `FASYNC`.
  package static let signals = OpenFlags(rawValue: 0o20000)
  /// `O_DIRECT`.
  package static let direct = OpenFlags(rawValue: 0o40000)
  /// `O_LARGEFILE`.
  package static let largeFile = OpenFlags(rawValue: 0o100000)
  /// `O_DIRECTORY`.
  package static let directory = OpenFlags(rawValue: 0o200000)
  /// `O_NOFOLLOW`.
  package static let noFollow = OpenFlags(rawValue: 0o400000)
  /// `O_NOATIME`.
  package static let noAccessTime = OpenFlags(rawValue: 0o1000000)
  /// `O_CLOEXEC`.
  package static let closeOnExec = OpenFlags(rawValue: 0o2000000)
  /// `O_SYNC` without ``synchronousData``, which Linux sets beside it.
  package static let synchronous = OpenFlags(rawValue: 0o4000000)

  /// `O_ACCMODE`: the bits that ``access`` reads.
  private static let accessBits: UInt32 = 3

  /// The access that the file is opened for; nil for 3, which is none.
  package var access: Access? { Access(rawValue: rawValue & Self.accessBits) }

  /// The access that a file is opened for.
  package enum Access: UInt32, Sendable {
    /// `O_RDONLY`.
    case read = 0
    /// `O_WRONLY`.
    case write = 1
    /// `O_RDWR`.
    case readWrite = 2
  }

  /// These flags, opened for `access`.
  package init(_ access: Access, with flags: OpenFlags = []) {
    rawValue = flags.rawValue & ~Self.accessBits | access.rawValue
  }
}
