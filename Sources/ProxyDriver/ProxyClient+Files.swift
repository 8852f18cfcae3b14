public import Linux
public import ProxyProtocol
internal import SystemPackage
internal import Wire

// What is there.
extension ProxyClient {
  /// What a file is, of a symbolic link the link itself. The request is `T_LSTAT`.
  public mutating func status(_ path: Span<UInt8>) throws(Failure) -> ProxyProtocol.FileStatus {
    try path.checkPath()
    try answer(.status(path: path))
    do throws(Malformed) { return try FileStatus(payload) } catch { throw refuseAnswer() }
  }

  /// What file system a file is on. The request is `T_STATFS`.
  public mutating func fileSystemStatus(_ path: Span<UInt8>) throws(Failure) -> ProxyProtocol.FileSystemStatus {
    try path.checkPath()
    try answer(.fileSystemStatus(path: path))
    do throws(Malformed) { return try FileSystemStatus(payload) } catch { throw refuseAnswer() }
  }

  /// The generation of a regular file's or directory's inode, 0 where its file system keeps none.
  ///
  /// The request is `T_GETVERSION`. Of QEMU's own helper only the lower half means anything.
  public mutating func generation(_ path: Span<UInt8>) throws(Failure) -> UInt64 {
    try path.checkPath()
    try answer(.getVersion(path: path))
    do throws(Malformed) { return try Reply.version(payload) } catch { throw refuseAnswer() }
  }

  /// A symbolic link's target, put at the buffer's front. The request is `T_READLINK`.
  ///
  /// - Returns: its bytes, without a NUL.
  /// - Throws: `ERANGE` where the buffer is too small: no part of a target is one.
  public mutating func readLink(_ path: Span<UInt8>, into buffer: inout MutableSpan<UInt8>) throws(Failure) -> Int {
    try path.checkPath()
    // One more than there is room for, to tell a target that doesn't fit; and one for the NUL that the helper adds.
    let most = min(buffer.count, Reply.maximumValue - 1) + 1
    let count = try value(.readLink(path: path, size: Int32(most + 1)), most: most, into: &buffer)
    guard count <= buffer.count else { throw .refused(.outOfRange) }
    return count
  }

  /// Opens a regular file or a directory that is there, with flags of `open(2)`. The descriptor closes on exec.
  ///
  /// The request is `T_OPEN`.
  /// - Throws: `EINVAL` of flags that make something, which ``create(_:flags:mode:uid:gid:)`` is for, or that open
  ///   nothing; `ENXIO` of special files; `EMFILE` where this process can't have another descriptor.
  public mutating func open(_ path: Span<UInt8>, flags: Int32) throws(Failure) -> Descriptor {
    try path.checkPath()
    let flags = OpenFlags(rawValue: flags)
    // The original makes a file of whatever mode then, and root's.
    guard !flags.contains(.create), !flags.contains(.temporary), !flags.contains(.path) else {
      throw .refused(.invalidArgument)
    }
    return try descriptor(.open(path: path, flags: flags.rawValue))
  }

  /// Opens a file, which where there is none is made with these permission bits, owner and group.
  ///
  /// The flags are those of `open(2)`; `O_CREAT` is added. The descriptor closes on exec. The request is `T_CREATE`.
  public mutating func create(
    _ path: Span<UInt8>, flags: Int32, mode: UInt32, uid: UInt32, gid: UInt32
  ) throws(Failure) -> Descriptor {
    try path.checkPath()
    try checkOwner(uid: uid, gid: gid)
    return try descriptor(
      .create(path: path, flags: flags | OpenFlags.create.rawValue, mode: mode, uid: uid, gid: gid))
  }
}
