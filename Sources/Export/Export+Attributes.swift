package import Linux
package import SystemPackage

// What a file is, and what changes that.
extension Export {
  /// What is said of a file; of a symbolic link, of the link itself.
  package func status(in directory: borrowing Descriptor, _ path: borrowing Path) throws(Errno) -> FileStatus {
    try directory.status(of: path, follow: false)
  }

  /// What is said of the file system that a file is on.
  package func fileSystemStatus(
    in directory: borrowing Descriptor, _ path: borrowing Path
  ) throws(Errno) -> FileSystemStatus {
    try directory.fileSystemStatus(of: path, home: root)
  }

  /// Sets permission bits; follows symbolic links.
  package func changeMode(
    in directory: borrowing Descriptor, _ path: borrowing Path, to mode: UInt32
  ) throws(Errno) {
    try mayChange()
    try directory.chmod(path, to: mode)
  }

  /// Gives a file, or a symbolic link itself, to others; `UInt32.max` leaves an id as it is.
  ///
  /// - Throws: `EOVERFLOW` for an id that there isn't, as creating does. The kernel says so where the mount translates
  ///   ids, and `EINVAL` where a user namespace does.
  package func changeOwner(
    in directory: borrowing Descriptor, _ path: borrowing Path, uid: UInt32, gid: UInt32
  ) throws(Errno) {
    try mayChange()
    do throws(Errno) {
      try directory.chown(path, uid: uid, gid: gid)
    } catch .invalidArgument {
      throw .overflow
    }
  }

  /// Sets a regular file's size, in bytes; follows symbolic links.
  package func truncate(
    in directory: borrowing Descriptor, _ path: borrowing Path, to size: Int64
  ) throws(Errno) {
    try mayChange()
    try directory.truncate(path, to: size, home: root)
  }

  /// Sets the times of a file, or of a symbolic link itself.
  package func setTimes(
    in directory: borrowing Descriptor, _ path: borrowing Path, access: Time, modification: Time
  ) throws(Errno) {
    try mayChange()
    try directory.utimens(path, access: access, modification: modification)
  }

  /// An extended attribute's value, or with an empty buffer its length only.
  package func attribute(
    in directory: borrowing Descriptor, _ path: borrowing Path, name: borrowing Path,
    into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try directory.getxattr(of: path, name: name, into: &buffer, home: root)
  }

  /// All extended attributes' names, each with its NUL, or with an empty buffer their length only.
  package func attributes(
    in directory: borrowing Descriptor, _ path: borrowing Path, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try directory.listxattr(of: path, into: &buffer, home: root)
  }

  /// Sets an extended attribute; `flags` are `lsetxattr(2)`'s.
  package func setAttribute(
    in directory: borrowing Descriptor, _ path: borrowing Path, name: borrowing Path, to value: Span<UInt8>,
    flags: Int32
  ) throws(Errno) {
    try mayChange()
    try directory.setxattr(of: path, name: name, to: value, flags: flags, home: root)
  }

  /// Removes an extended attribute.
  package func removeAttribute(
    in directory: borrowing Descriptor, _ path: borrowing Path, name: borrowing Path
  ) throws(Errno) {
    try mayChange()
    try directory.removexattr(of: path, name: name, home: root)
  }
}
