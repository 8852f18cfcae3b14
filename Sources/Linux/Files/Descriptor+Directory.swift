internal import CLinux
internal import Glibc
package import SystemPackage

// What changes a directory: making, linking, renaming and removing names.
extension Descriptor {
  /// The system call is `mkdirat`.
  package borrowing func mkdir(_ path: borrowing Path, mode: UInt32) throws(Errno) {
    try at(path) { place throws(Errno) in
      _ = try unsafe valueOrErrno(mkdirat(place.directory, place.pointer, mode))
    }
  }

  /// The system call is `mknodat`; `mode` says the kind, `device` counts for device files.
  ///
  /// - Throws: of a kind that it doesn't make what the system call would throw, without asking: a system-call filter may
  ///   let pass the others only.
  package borrowing func mknod(_ path: borrowing Path, mode: UInt32, device: UInt64) throws(Errno) {
    switch mode & UInt32(Glibc.S_IFMT) {
    case 0, Glibc.S_IFREG, Glibc.S_IFIFO, Glibc.S_IFSOCK, Glibc.S_IFCHR, Glibc.S_IFBLK: break
    case Glibc.S_IFDIR: throw .notPermitted
    default: throw .invalidArgument
    }
    try at(path) { place throws(Errno) in
      _ = try unsafe valueOrErrno(mknodat(place.directory, place.pointer, mode, dev_t(device)))
    }
  }

  /// The system call is `symlinkat`; `target` is stored as it is.
  ///
  /// - Throws: `ENAMETOOLONG` where the target is longer than the kernel stores.
  package borrowing func symlink(_ path: borrowing Path, target: borrowing Path) throws(Errno) {
    guard target.lastPiece == 0 else { throw .fileNameTooLong }
    let target = unsafe target.piece(at: 0)
    try at(path) { place throws(Errno) in
      _ = try unsafe valueOrErrno(symlinkat(target, place.directory, place.pointer))
    }
  }

  /// The system call is `linkat`, which makes a link to a symbolic link itself.
  package borrowing func link(
    _ old: borrowing Path, to directory: borrowing Descriptor, name new: borrowing Path
  ) throws(Errno) {
    try at(old) { from throws(Errno) in
      try directory.at(new) { to throws(Errno) in
        _ = try unsafe valueOrErrno(linkat(from.directory, from.pointer, to.directory, to.pointer, 0))
      }
    }
  }

  /// The system call is `renameat`, which replaces.
  package borrowing func rename(
    _ old: borrowing Path, to directory: borrowing Descriptor, name new: borrowing Path
  ) throws(Errno) {
    try at(old) { from throws(Errno) in
      try directory.at(new) { to throws(Errno) in
        _ = try unsafe valueOrErrno(renameat(from.directory, from.pointer, to.directory, to.pointer))
      }
    }
  }

  /// Removes a name of anything but a directory. The system call is `unlinkat`.
  package borrowing func unlink(_ path: borrowing Path) throws(Errno) {
    try at(path) { place throws(Errno) in
      _ = try unsafe valueOrErrno(unlinkat(place.directory, place.pointer, 0))
    }
  }

  /// The system call is `unlinkat(AT_REMOVEDIR)`.
  package borrowing func rmdir(_ path: borrowing Path) throws(Errno) {
    try at(path) { place throws(Errno) in
      _ = try unsafe valueOrErrno(unlinkat(place.directory, place.pointer, AT_REMOVEDIR))
    }
  }

  /// A symbolic link's target.
  ///
  /// The system call is `readlinkat`.
  /// - Returns: bytes written to `buffer`; a longer target is cut.
  package borrowing func readlink(
    _ path: borrowing Path, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    let count = buffer.count
    return try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      let base = unsafe UnsafeMutableRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
      guard let base = unsafe base else { throw .invalidArgument }
      return try at(path) { place throws(Errno) in
        try unsafe valueOrErrno(readlinkat(place.directory, place.pointer, base, count))
      }
    }
  }
}
