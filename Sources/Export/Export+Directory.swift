package import Linux
package import SystemPackage

// What changes a directory.
extension Export {
  /// Makes a directory that `identity` owns.
  package func makeDirectory(
    in directory: borrowing Descriptor, _ path: borrowing Path, mode: UInt32, as identity: Identity
  ) throws(Errno) {
    try mayChange()
    try self.identity.acting(as: identity) { () throws(Errno) in
      try directory.mkdir(path, mode: mode)
    }
  }

  /// Makes a FIFO, socket, device or regular file that `identity` owns; devices need to be made as root.
  package func makeNode(
    in directory: borrowing Descriptor, _ path: borrowing Path, mode: UInt32, device: UInt64, as identity: Identity
  ) throws(Errno) {
    try mayChange()
    try self.identity.acting(as: identity) { () throws(Errno) in
      try directory.mknod(path, mode: mode, device: device)
    }
  }

  /// Makes a symbolic link that `identity` owns. The target is stored as it is.
  package func makeSymbolicLink(
    in directory: borrowing Descriptor, _ path: borrowing Path, target: borrowing Path, as identity: Identity
  ) throws(Errno) {
    try mayChange()
    try self.identity.acting(as: identity) { () throws(Errno) in
      try directory.symlink(path, target: target)
    }
  }

  /// Gives what `old` names a second name; of a symbolic link, the link itself.
  package func link(
    in directory: borrowing Descriptor, _ old: borrowing Path, to other: borrowing Descriptor, _ new: borrowing Path
  ) throws(Errno) {
    try mayChange()
    try directory.link(old, to: other, name: new)
  }

  /// Renames, and replaces what has the new name.
  package func rename(
    in directory: borrowing Descriptor, _ old: borrowing Path, to other: borrowing Descriptor, _ new: borrowing Path
  ) throws(Errno) {
    try mayChange()
    try directory.rename(old, to: other, name: new)
  }

  /// Removes a name; a directory must be empty.
  package func remove(in directory: borrowing Descriptor, _ path: borrowing Path) throws(Errno) {
    try mayChange()
    do throws(Errno) {
      try directory.unlink(path)
    } catch .isDirectory {
      try directory.rmdir(path)
    }
  }

  /// A symbolic link's target.
  ///
  /// - Returns: bytes written to `buffer`; a longer target is cut.
  package func readLink(
    in directory: borrowing Descriptor, _ path: borrowing Path, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try directory.readlink(path, into: &buffer)
  }
}
