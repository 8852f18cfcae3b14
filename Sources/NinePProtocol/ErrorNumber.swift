/// The errno of an `Rlerror`, in the numbers of Linux on most machines, whatever the host.
package struct ErrorNumber: RawRepresentable, Hashable, Sendable {
  /// The number on the wire. Linux makes a protocol error of one that isn't in 1...4095.
  package let rawValue: UInt32

  /// An error of this number.
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// EPERM.
  package static let notPermitted = ErrorNumber(rawValue: 1)
  /// ENOENT.
  package static let noEntry = ErrorNumber(rawValue: 2)
  /// EIO.
  package static let inputOutput = ErrorNumber(rawValue: 5)
  /// ENXIO: a special file, which is never opened.
  package static let noDevice = ErrorNumber(rawValue: 6)
  /// E2BIG.
  package static let tooBig = ErrorNumber(rawValue: 7)
  /// EBADF: a fid that isn't in use, or isn't open.
  package static let badFid = ErrorNumber(rawValue: 9)
  /// ENOMEM.
  package static let noMemory = ErrorNumber(rawValue: 12)
  /// EACCES.
  package static let accessDenied = ErrorNumber(rawValue: 13)
  /// EBUSY.
  package static let busy = ErrorNumber(rawValue: 16)
  /// EEXIST.
  package static let exists = ErrorNumber(rawValue: 17)
  /// EXDEV.
  package static let otherDevice = ErrorNumber(rawValue: 18)
  /// ENODEV.
  package static let unsupportedDevice = ErrorNumber(rawValue: 19)
  /// ENOTDIR.
  package static let notDirectory = ErrorNumber(rawValue: 20)
  /// EISDIR.
  package static let isDirectory = ErrorNumber(rawValue: 21)
  /// EINVAL.
  package static let invalid = ErrorNumber(rawValue: 22)
  /// ENFILE.
  package static let tooManyOpenFilesInSystem = ErrorNumber(rawValue: 23)
  /// EMFILE: no more fids.
  package static let tooManyOpenFiles = ErrorNumber(rawValue: 24)
  /// EFBIG.
  package static let fileTooLarge = ErrorNumber(rawValue: 27)
  /// ENOSPC.
  package static let noSpace = ErrorNumber(rawValue: 28)
  /// EROFS.
  package static let readOnly = ErrorNumber(rawValue: 30)
  /// ERANGE.
  package static let outOfRange = ErrorNumber(rawValue: 34)
  /// ENAMETOOLONG.
  package static let nameTooLong = ErrorNumber(rawValue: 36)
  /// ENOLCK: a client has locked as many ranges as it may.
  package static let tooManyLocks = ErrorNumber(rawValue: 37)
  /// ENOSYS: Linux then makes the answer to a `Tstatfs` up.
  package static let noSystemCall = ErrorNumber(rawValue: 38)
  /// ENOTEMPTY.
  package static let notEmpty = ErrorNumber(rawValue: 39)
  /// ELOOP.
  package static let symbolicLink = ErrorNumber(rawValue: 40)
  /// ENODATA: no such extended attribute.
  package static let noAttribute = ErrorNumber(rawValue: 61)
  /// EPROTO: a request before a version is agreed upon.
  package static let protocolError = ErrorNumber(rawValue: 71)
  /// EMSGSIZE: an `msize` that is too small.
  package static let messageSize = ErrorNumber(rawValue: 90)
  /// EOPNOTSUPP: an unknown request. Linux falls back from `Trenameat` to `Trename`, and from `Tunlinkat` to `Tremove`,
  /// on this number alone.
  package static let notSupported = ErrorNumber(rawValue: 95)
}
