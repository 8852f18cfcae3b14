/// The errno of an `Rlerror`, in the numbers of Linux on most machines, whatever the host.
public struct ErrorNumber: RawRepresentable, Hashable, Sendable {
  /// The number on the wire. Linux makes a protocol error of one that isn't in 1...4095.
  public let rawValue: UInt32

  /// An error of this number.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// EPERM.
  public static let notPermitted = ErrorNumber(rawValue: 1)
  /// ENOENT.
  public static let noEntry = ErrorNumber(rawValue: 2)
  /// EIO.
  public static let inputOutput = ErrorNumber(rawValue: 5)
  /// ENXIO: a special file, which is never opened.
  public static let noDevice = ErrorNumber(rawValue: 6)
  /// E2BIG.
  public static let tooBig = ErrorNumber(rawValue: 7)
  /// EBADF: a fid that isn't in use, or isn't open.
  public static let badFid = ErrorNumber(rawValue: 9)
  /// ENOMEM.
  public static let noMemory = ErrorNumber(rawValue: 12)
  /// EACCES.
  public static let accessDenied = ErrorNumber(rawValue: 13)
  /// EBUSY.
  public static let busy = ErrorNumber(rawValue: 16)
  /// EEXIST.
  public static let exists = ErrorNumber(rawValue: 17)
  /// EXDEV.
  public static let otherDevice = ErrorNumber(rawValue: 18)
  /// ENODEV.
  public static let unsupportedDevice = ErrorNumber(rawValue: 19)
  /// ENOTDIR.
  public static let notDirectory = ErrorNumber(rawValue: 20)
  /// EISDIR.
  public static let isDirectory = ErrorNumber(rawValue: 21)
  /// EINVAL.
  public static let invalid = ErrorNumber(rawValue: 22)
  /// ENFILE.
  public static let tooManyOpenFilesInSystem = ErrorNumber(rawValue: 23)
  /// EMFILE: no more fids.
  public static let tooManyOpenFiles = ErrorNumber(rawValue: 24)
  /// EFBIG.
  public static let fileTooLarge = ErrorNumber(rawValue: 27)
  /// ENOSPC.
  public static let noSpace = ErrorNumber(rawValue: 28)
  /// EROFS.
  public static let readOnly = ErrorNumber(rawValue: 30)
  /// ERANGE.
  public static let outOfRange = ErrorNumber(rawValue: 34)
  /// ENAMETOOLONG.
  public static let nameTooLong = ErrorNumber(rawValue: 36)
  /// ENOLCK: a client has locked as many ranges as it may.
  public static let tooManyLocks = ErrorNumber(rawValue: 37)
  /// ENOSYS: Linux then makes the answer to a `Tstatfs` up.
  public static let noSystemCall = ErrorNumber(rawValue: 38)
  /// ENOTEMPTY.
  public static let notEmpty = ErrorNumber(rawValue: 39)
  /// ELOOP.
  public static let symbolicLink = ErrorNumber(rawValue: 40)
  /// ENODATA: no such extended attribute.
  public static let noAttribute = ErrorNumber(rawValue: 61)
  /// EPROTO: a request before a version is agreed upon.
  public static let protocolError = ErrorNumber(rawValue: 71)
  /// EMSGSIZE: an `msize` that is too small.
  public static let messageSize = ErrorNumber(rawValue: 90)
  /// EOPNOTSUPP: an unknown request. Linux falls back from `Trenameat` to `Trename`, and from `Tunlinkat` to `Tremove`,
  /// on this number alone.
  public static let notSupported = ErrorNumber(rawValue: 95)
}
