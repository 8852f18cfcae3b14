internal import ProxyProtocol

// Making, naming and removing. An owner or group -1 is `EINVAL`.
extension ProxyClient {
  /// Makes a FIFO, a socket, a regular file, or the device file of a number. The request is `T_MKNOD`.
  ///
  /// `mode` has the type's bits, such as `S_IFIFO`, beside the permission bits.
  public mutating func makeNode(
    _ path: Span<UInt8>, mode: UInt32, device: UInt64 = 0, uid: UInt32, gid: UInt32
  ) throws(Failure) {
    try path.checkPath()
    try checkOwner(uid: uid, gid: gid)
    try perform(.makeNode(path: path, mode: mode, device: device, uid: uid, gid: gid))
  }

  /// Makes a directory with these permission bits, owner and group. The request is `T_MKDIR`.
  public mutating func makeDirectory(_ path: Span<UInt8>, mode: UInt32, uid: UInt32, gid: UInt32) throws(Failure) {
    try path.checkPath()
    try checkOwner(uid: uid, gid: gid)
    try perform(.makeDirectory(path: path, mode: mode, uid: uid, gid: gid))
  }

  /// Makes a symbolic link of this owner and group; its target is stored as it is. The request is `T_SYMLINK`.
  public mutating func makeSymbolicLink(
    _ path: Span<UInt8>, target: Span<UInt8>, uid: UInt32, gid: UInt32
  ) throws(Failure) {
    try path.checkPath()
    try target.checkPath()
    try checkOwner(uid: uid, gid: gid)
    try perform(.makeSymbolicLink(target: target, path: path, uid: uid, gid: gid))
  }

  /// Gives a file a second name; of a symbolic link, to the link itself. The request is `T_LINK`.
  public mutating func link(_ path: Span<UInt8>, as new: Span<UInt8>) throws(Failure) {
    try path.checkPath()
    try new.checkPath()
    try perform(.link(old: path, new: new))
  }

  /// Renames, and replaces what has the new name. The request is `T_RENAME`.
  public mutating func rename(_ path: Span<UInt8>, to new: Span<UInt8>) throws(Failure) {
    try path.checkPath()
    try new.checkPath()
    try perform(.rename(old: path, new: new))
  }

  /// Removes a file's name, or an empty directory. The request is `T_REMOVE`.
  public mutating func remove(_ path: Span<UInt8>) throws(Failure) {
    try path.checkPath()
    try perform(.remove(path: path))
  }
}
