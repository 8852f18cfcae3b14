/// The requests of QEMU's proxy driver, by their number on the wire.
public enum RequestType: UInt32, CaseIterable, Sendable {
  /// `T_OPEN`: an existing regular file or directory.
  case open = 2
  /// `T_CREATE`: opens with creation, as a user and group.
  case create
  /// `T_MKNOD`: makes a FIFO, socket, device or regular file.
  case makeNode
  /// `T_MKDIR`.
  case makeDirectory
  /// `T_SYMLINK`.
  case makeSymbolicLink
  /// `T_LINK`: a hard link.
  case link
  /// `T_LSTAT`: answered with ``FileStatus``.
  case status
  /// `T_READLINK`: answered with a symbolic link's target.
  case readLink
  /// `T_STATFS`: answered with ``FileSystemStatus``.
  case fileSystemStatus
  /// `T_CHMOD`.
  case changeMode
  /// `T_CHOWN`: of a symbolic link, the link itself.
  case changeOwner
  /// `T_TRUNCATE`.
  case truncate
  /// `T_UTIME`.
  case setTimes
  /// `T_RENAME`.
  case rename
  /// `T_REMOVE`: a file, or an empty directory.
  case remove
  /// `T_LGETXATTR`: answered with an extended attribute's value, or its length.
  case getAttribute
  /// `T_LLISTXATTR`: answered with the names of extended attributes, each with its NUL, or their length.
  case listAttributes
  /// `T_LSETXATTR`.
  case setAttribute
  /// `T_LREMOVEXATTR`.
  case removeAttribute
  /// `T_GETVERSION`: answered with an inode's generation.
  case getVersion

  /// The shape of the reply, whether the request succeeds, fails, or can't be decoded.
  @inlinable public var replyForm: ReplyForm {
    switch self {
    case .open, .create: .descriptor
    case .status, .readLink, .fileSystemStatus, .getVersion, .getAttribute, .listAttributes: .response
    default: .status
    }
  }
}

/// The three shapes of a reply.
public enum ReplyForm: Sendable {
  /// A header, then 0 or a negative errno.
  case status
  /// A header, then the answer, or a negative errno.
  case response
  /// Four bytes without a header: a negative errno, or ``Frame/descriptorFollows`` with a descriptor beside it.
  case descriptor
}
