package import Linux
package import SystemPackage

// A file's status and extended attributes.
extension PathExport {
  /// Reads the status of a file, or of a symbolic link itself.
  package func status(of path: borrowing Path) throws(Errno) -> FileStatus {
    try root.status(of: path, follow: false)
  }

  /// Reads the status of the file system that a file is on.
  package func fileSystemStatus(of path: borrowing Path) throws(Errno) -> FileSystemStatus {
    try root.fileSystemStatus(of: path, home: root)
  }

  /// Sets permission bits; follows symbolic links.
  package func changeMode(_ path: borrowing Path, to mode: UInt32) throws(Errno) {
    try access.requireWritable()
    try root.chmod(path, to: mode)
  }

  /// Changes the owner and group of a file, or of a symbolic link itself; `UInt32.max` leaves an id as it is.
  ///
  /// - Throws: `EOVERFLOW` for an id that doesn't exist here, as when creating. The kernel says so where the mount
  ///   translates ids, and `EINVAL` where a user namespace does.
  package func changeOwner(_ path: borrowing Path, uid: UInt32, gid: UInt32) throws(Errno) {
    try access.requireWritable()
    do throws(Errno) {
      try root.chown(path, uid: uid, gid: gid)
    } catch .invalidArgument {
      throw .overflow
    }
  }

  /// Sets a regular file's size, in bytes; follows symbolic links.
  package func truncate(_ path: borrowing Path, to size: Int64) throws(Errno) {
    try access.requireWritable()
    try root.truncate(path, to: size, home: root)
  }

  /// Sets the times of a file, or of a symbolic link itself.
  package func setTimes(_ path: borrowing Path, access: Time, modification: Time) throws(Errno) {
    try self.access.requireWritable()
    try root.utimens(path, access: access, modification: modification)
  }

  /// Reads an extended attribute's value, or with an empty buffer its length only.
  package func attribute(
    _ name: borrowing Path, of path: borrowing Path, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try root.getxattr(of: path, name: name, into: &buffer, home: root)
  }

  /// Lists all extended attributes' names, each with its NUL, or with an empty buffer their length only.
  package func attributes(of path: borrowing Path, into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    try root.listxattr(of: path, into: &buffer, home: root)
  }

  /// Sets an extended attribute; `flags` are `lsetxattr(2)`'s.
  package func setAttribute(
    _ name: borrowing Path, of path: borrowing Path, to value: Span<UInt8>, flags: Int32
  ) throws(Errno) {
    try access.requireWritable()
    try root.setxattr(of: path, name: name, to: value, flags: flags, home: root)
  }

  /// Removes an extended attribute.
  package func removeAttribute(_ name: borrowing Path, of path: borrowing Path) throws(Errno) {
    try access.requireWritable()
    try root.removexattr(of: path, name: name, home: root)
  }
}
