public import Wire

/// A request, its paths and values still in the receive buffer.
///
/// Paths are rooted at the export and hold no NUL. Modes, flags and device numbers are the host's.
public enum Request: ~Escapable {
  /// `T_OPEN`: opens a regular file or directory that exists, with flags of `open(2)`.
  case open(path: Span<UInt8>, flags: Int32)
  /// `T_CREATE`: opens a file, made with `mode` and owned by `uid` and `gid` when `flags` create it.
  case create(path: Span<UInt8>, flags: Int32, mode: UInt32, uid: UInt32, gid: UInt32)
  /// `T_MKNOD`: makes a file of the type in `mode`. `device` is the number of a device file.
  case makeNode(path: Span<UInt8>, mode: UInt32, device: UInt64, uid: UInt32, gid: UInt32)
  /// `T_MKDIR`: makes a directory with `mode`, owned by `uid` and `gid`.
  case makeDirectory(path: Span<UInt8>, mode: UInt32, uid: UInt32, gid: UInt32)
  /// `T_SYMLINK`: makes the symbolic link `path`. The target is stored as it is.
  case makeSymbolicLink(target: Span<UInt8>, path: Span<UInt8>, uid: UInt32, gid: UInt32)
  /// `T_LINK`: makes `new` a hard link to `old`.
  case link(old: Span<UInt8>, new: Span<UInt8>)
  /// `T_LSTAT`: gets the status of a file, of a symbolic link its own.
  case status(path: Span<UInt8>)
  /// `T_READLINK`: reads the target of a symbolic link. `size` is that of the peer's buffer, including the NUL that it adds.
  case readLink(path: Span<UInt8>, size: Int32)
  /// `T_STATFS`: gets the status of the file system that a file is on.
  case fileSystemStatus(path: Span<UInt8>)
  /// `T_CHMOD`: sets the permission bits.
  case changeMode(path: Span<UInt8>, mode: UInt32)
  /// `T_CHOWN`: sets owner and group; `UInt32.max` leaves either as it is.
  case changeOwner(path: Span<UInt8>, uid: UInt32, gid: UInt32)
  /// `T_TRUNCATE`: sets a regular file's size, in bytes.
  case truncate(path: Span<UInt8>, size: Int64)
  /// `T_UTIME`: sets both times, of a symbolic link its own.
  case setTimes(path: Span<UInt8>, access: Time, modification: Time)
  /// `T_RENAME`: renames `old`, and replaces the file that has the name `new`.
  case rename(old: Span<UInt8>, new: Span<UInt8>)
  /// `T_REMOVE`: removes a file, or an empty directory.
  case remove(path: Span<UInt8>)
  /// `T_LGETXATTR`: gets an extended attribute, or for `size` 0 the length of its value.
  case getAttribute(path: Span<UInt8>, name: Span<UInt8>, size: Int32)
  /// `T_LLISTXATTR`: lists the names of extended attributes, or for `size` 0 gets the length of the list.
  case listAttributes(path: Span<UInt8>, size: Int32)
  /// `T_LSETXATTR`: sets an extended attribute. `value` is cut to the size that the request names.
  case setAttribute(path: Span<UInt8>, name: Span<UInt8>, value: Span<UInt8>, flags: Int32)
  /// `T_LREMOVEXATTR`: removes an extended attribute.
  case removeAttribute(path: Span<UInt8>, name: Span<UInt8>)
  /// `T_GETVERSION`: gets the generation of a regular file's or directory's inode.
  case getVersion(path: Span<UInt8>)

  /// Decodes a payload, to its last byte.
  ///
  /// - Throws: ``Malformed``, whatever the bytes are.
  @_lifetime(copy payload)
  public init(_ type: RequestType, payload: Span<UInt8>) throws(Malformed) {
    var reader = Reader(payload)
    switch type {
    case .open:
      self = .open(path: try reader.path(), flags: try reader.i32())
    case .create:
      self = .create(
        path: try reader.path(), flags: try reader.i32(), mode: try reader.u32(), uid: try reader.u32(),
        gid: try reader.u32())
    case .makeNode:
      let (uid, gid) = (try reader.u32(), try reader.u32())
      self = .makeNode(
        path: try reader.path(), mode: try reader.u32(), device: try reader.u64(), uid: uid, gid: gid)
    case .makeDirectory:
      let (uid, gid) = (try reader.u32(), try reader.u32())
      self = .makeDirectory(path: try reader.path(), mode: try reader.u32(), uid: uid, gid: gid)
    case .makeSymbolicLink:
      let (uid, gid) = (try reader.u32(), try reader.u32())
      self = .makeSymbolicLink(target: try reader.path(), path: try reader.path(), uid: uid, gid: gid)
    case .link:
      self = .link(old: try reader.path(), new: try reader.path())
    case .status:
      self = .status(path: try reader.path())
    case .readLink:
      self = .readLink(path: try reader.path(), size: try reader.i32())
    case .fileSystemStatus:
      self = .fileSystemStatus(path: try reader.path())
    case .changeMode:
      self = .changeMode(path: try reader.path(), mode: try reader.u32())
    case .changeOwner:
      self = .changeOwner(path: try reader.path(), uid: try reader.u32(), gid: try reader.u32())
    case .truncate:
      self = .truncate(path: try reader.path(), size: try reader.i64())
    case .setTimes:
      let path = try reader.path()
      self = .setTimes(path: path, access: try reader.time(), modification: try reader.time())
    case .rename:
      self = .rename(old: try reader.path(), new: try reader.path())
    case .remove:
      self = .remove(path: try reader.path())
    case .getAttribute:
      let size = try reader.i32()
      self = .getAttribute(path: try reader.path(), name: try reader.path(), size: size)
    case .listAttributes:
      let size = try reader.i32()
      self = .listAttributes(path: try reader.path(), size: size)
    case .setAttribute:
      let (path, name, value) = (try reader.path(), try reader.path(), try reader.string())
      let (size, flags) = (try reader.i32(), try reader.i32())
      guard size >= 0, size <= value.count else { throw .length }
      self = .setAttribute(path: path, name: name, value: value.extracting(first: Int(size)), flags: flags)
    case .removeAttribute:
      self = .removeAttribute(path: try reader.path(), name: try reader.path())
    case .getVersion:
      self = .getVersion(path: try reader.path())
    }
    try reader.end()
  }
}
