package import Linux
package import SystemPackage

// Making, linking, renaming and removing names.
extension PathExport {
  /// Makes a directory that `identity` owns.
  package func makeDirectory(_ path: borrowing Path, mode: UInt32, as identity: Identity) throws(Errno) {
    try access.requireWritable()
    try ownership.making(as: identity) { () throws(Errno) in try root.mkdir(path, mode: mode) }
  }

  /// Makes a FIFO, socket, device or regular file that `identity` owns; devices need to be made as root.
  package func makeNode(
    _ path: borrowing Path, mode: UInt32, device: UInt64, as identity: Identity
  ) throws(Errno) {
    try access.requireWritable()
    try ownership.making(as: identity) { () throws(Errno) in try root.mknod(path, mode: mode, device: device) }
  }

  /// Makes a symbolic link that `identity` owns. The target is stored as it is.
  package func makeSymbolicLink(
    _ path: borrowing Path, target: borrowing Path, as identity: Identity
  ) throws(Errno) {
    try access.requireWritable()
    try ownership.making(as: identity) { () throws(Errno) in try root.symlink(path, target: target) }
  }

  /// Gives a file, or a symbolic link itself, a second path.
  package func link(_ old: borrowing Path, to new: borrowing Path) throws(Errno) {
    try access.requireWritable()
    try root.link(old, to: root, name: new)
  }

  /// Renames a file, and replaces the file that has the new path.
  package func rename(_ old: borrowing Path, to new: borrowing Path) throws(Errno) {
    try access.requireWritable()
    try root.rename(old, to: root, name: new)
  }

  /// Removes a file or an empty directory.
  package func remove(_ path: borrowing Path) throws(Errno) {
    try access.requireWritable()
    do throws(Errno) {
      try root.unlink(path)
    } catch .isDirectory {
      try root.rmdir(path)
    }
  }

  /// Reads a symbolic link's target.
  ///
  /// - Returns: bytes written to `buffer`; a longer target is cut.
  package func readLink(_ path: borrowing Path, into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    try root.readlink(path, into: &buffer)
  }
}
