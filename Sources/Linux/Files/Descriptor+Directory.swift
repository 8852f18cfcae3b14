internal import CLinux
internal import Glibc
package import SystemPackage

// Changes of a directory: making, linking, renaming and removing names.
extension Descriptor {
  /// Makes a directory. The system call is `mkdirat`.
  package borrowing func mkdir(_ path: borrowing Path, mode: UInt32) throws(Errno) {
    try at(path) { target throws(Errno) in
      _ = try unsafe valueOrErrno(mkdirat(target.directory, target.pointer, mode))
    }
  }

  /// Makes a file of the type in `mode`; `device` is for device files. The system call is `mknodat`.
  ///
  /// - Throws: for a type that `mknodat` refuses, its error, without the call: a system-call filter may allow the others
  ///   only.
  package borrowing func mknod(_ path: borrowing Path, mode: UInt32, device: UInt64) throws(Errno) {
    switch mode & UInt32(Glibc.S_IFMT) {
    case 0, Glibc.S_IFREG, Glibc.S_IFIFO, Glibc.S_IFSOCK, Glibc.S_IFCHR, Glibc.S_IFBLK: break
    case Glibc.S_IFDIR: throw .notPermitted
    default: throw .invalidArgument
    }
    try at(path) { target throws(Errno) in
      _ = try unsafe valueOrErrno(mknodat(target.directory, target.pointer, mode, dev_t(device)))
    }
  }

  /// Makes a symbolic link and stores `target` unchanged. The system call is `symlinkat`.
  ///
  /// - Throws: `ENAMETOOLONG` if the target is longer than the kernel stores.
  package borrowing func symlink(_ path: borrowing Path, target: borrowing Path) throws(Errno) {
    guard target.lastPiece == 0 else { throw .fileNameTooLong }
    let text = unsafe target.piece(at: 0)
    try at(path) { target throws(Errno) in
      _ = try unsafe valueOrErrno(symlinkat(text, target.directory, target.pointer))
    }
  }

  /// Makes a hard link, to a symbolic link itself. The system call is `linkat`.
  package borrowing func link(
    _ old: borrowing Path, to directory: borrowing Descriptor, name new: borrowing Path
  ) throws(Errno) {
    try at(old) { from throws(Errno) in
      try directory.at(new) { to throws(Errno) in
        _ = try unsafe valueOrErrno(linkat(from.directory, from.pointer, to.directory, to.pointer, 0))
      }
    }
  }

  /// Renames a file and replaces one that has the new name. The system call is `renameat`.
  package borrowing func rename(
    _ old: borrowing Path, to directory: borrowing Descriptor, name new: borrowing Path
  ) throws(Errno) {
    try at(old) { from throws(Errno) in
      try directory.at(new) { to throws(Errno) in
        _ = try unsafe valueOrErrno(renameat(from.directory, from.pointer, to.directory, to.pointer))
      }
    }
  }

  /// Removes a name, except a directory's. The system call is `unlinkat`.
  package borrowing func unlink(_ path: borrowing Path) throws(Errno) {
    try at(path) { target throws(Errno) in
      _ = try unsafe valueOrErrno(unlinkat(target.directory, target.pointer, 0))
    }
  }

  /// Removes an empty directory. The system call is `unlinkat(AT_REMOVEDIR)`.
  package borrowing func rmdir(_ path: borrowing Path) throws(Errno) {
    try at(path) { target throws(Errno) in
      _ = try unsafe valueOrErrno(unlinkat(target.directory, target.pointer, AT_REMOVEDIR))
    }
  }

  /// Reads a symbolic link's target. The system call is `readlinkat`.
  ///
  /// - Returns: bytes written to `buffer`; a longer target is cut.
  package borrowing func readlink(
    _ path: borrowing Path, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    let count = buffer.count
    return try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      let base = unsafe UnsafeMutableRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
      guard let base = unsafe base else { throw .invalidArgument }
      return try at(path) { target throws(Errno) in
        try unsafe valueOrErrno(readlinkat(target.directory, target.pointer, base, count))
      }
    }
  }
}
