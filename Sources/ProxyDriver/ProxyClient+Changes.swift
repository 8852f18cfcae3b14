public import ProxyProtocol

// What a file is, changed.
extension ProxyClient {
  /// Sets the permission bits; symbolic links are followed. The request is `T_CHMOD`.
  public mutating func changeMode(_ path: Span<UInt8>, to mode: UInt32) throws(Failure) {
    try path.checkPath()
    try perform(.changeMode(path: path, mode: mode))
  }

  /// Sets owner and group, of a symbolic link the link's own; `UInt32.max` leaves either. The request is `T_CHOWN`.
  public mutating func changeOwner(_ path: Span<UInt8>, uid: UInt32, gid: UInt32) throws(Failure) {
    try path.checkPath()
    try perform(.changeOwner(path: path, uid: uid, gid: gid))
  }

  /// Sets a regular file's size, in bytes; symbolic links are followed. The request is `T_TRUNCATE`.
  public mutating func truncate(_ path: Span<UInt8>, to size: Int64) throws(Failure) {
    try path.checkPath()
    try perform(.truncate(path: path, size: size))
  }

  /// Sets both times, of a symbolic link the link's own. The request is `T_UTIME`.
  ///
  /// QEMU's driver sends the modification's nanoseconds as the access's too; this one sends each.
  public mutating func setTimes(
    _ path: Span<UInt8>, access: ProxyProtocol.Time, modification: ProxyProtocol.Time
  ) throws(Failure) {
    try path.checkPath()
    try perform(.setTimes(path: path, access: access, modification: modification))
  }
}
