internal import CLinux
internal import Glibc
package import SystemPackage

// Objects held by a descriptor, of O_PATH or open. If the comment says "by its link", the working directory must be
// ``DescriptorLinks``.
extension Descriptor {
  /// Finds the object with this name in the directory, without opening it; of a symbolic link, the link itself.
  ///
  /// The system call is `openat2(O_PATH | O_NOFOLLOW)` with `RESOLVE_BENEATH`, `RESOLVE_NO_SYMLINKS` and
  /// `RESOLVE_NO_MAGICLINKS`, Linux 5.6.
  package borrowing func find(_ name: borrowing Path) throws(Errno) -> Descriptor {
    var how = open_how()
    how.flags = UInt64(cl_o_path | O_NOFOLLOW | O_CLOEXEC)
    how.resolve = UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
    return try at(name) { target throws(Errno) in
      Descriptor(
        adopting: CInt(try unsafe valueOrErrno(kernel: cl_openat2(target.directory, target.pointer, &how))))
    }
  }

  /// Opens the parent directory, wherever it is. The system call is `openat2(O_PATH)` of `..`.
  package borrowing func parent() throws(Errno) -> Descriptor {
    var how = open_how()
    how.flags = UInt64(cl_o_path | O_DIRECTORY | O_CLOEXEC)
    return Descriptor(adopting: CInt(try unsafe valueOrErrno(kernel: cl_openat2(rawValue, "..", &how))))
  }

  /// Returns another descriptor of the same open file. The system call is `fcntl(F_DUPFD_CLOEXEC)`.
  package borrowing func duplicate() throws(Errno) -> Descriptor {
    Descriptor(adopting: CInt(try valueOrErrno(kernel: cl_duplicate(rawValue, 0))))
  }

  /// Opens the object itself, regardless of its names. The system call is `openat`, by its link.
  package borrowing func reopen(_ flags: OpenFlags) throws(Errno) -> Descriptor {
    let flags = (flags | .closeOnExec).rawValue
    return try unsafe withLink { link throws(Errno) in
      Descriptor(adopting: try unsafe valueOrErrno(openat(AT_FDCWD, link, flags)))
    }
  }

  /// Changes the mode. The system call is `fchmodat`, by its link.
  ///
  /// - Throws: `EOPNOTSUPP` for a symbolic link, which has no mode of its own.
  package borrowing func chmod(to mode: UInt32) throws(Errno) {
    try unsafe withLink { link throws(Errno) in
      _ = try unsafe valueOrErrno(fchmodat(AT_FDCWD, link, mode, 0))
    }
  }

  /// Changes the owner; `UInt32.max` leaves an id unchanged. The system call is `fchownat(AT_EMPTY_PATH)`.
  package borrowing func chown(uid: UInt32, gid: UInt32) throws(Errno) {
    _ = try unsafe valueOrErrno(fchownat(rawValue, "", uid, gid, CL_AT_EMPTY_PATH))
  }

  /// Sets the times. The system call is `utimensat(AT_EMPTY_PATH)`, Linux 5.8.
  package borrowing func utimens(access: Time, modification: Time) throws(Errno) {
    try unsafe withUnsafePointer(to: (access.raw, modification.raw)) { times throws(Errno) in
      let times = unsafe UnsafeRawPointer(times).assumingMemoryBound(to: timespec.self)
      _ = try unsafe valueOrErrno(utimensat(rawValue, "", times, CL_AT_EMPTY_PATH))
    }
  }

  /// Sets the size, without opening the file. The system call is `truncate`, by its link.
  package borrowing func truncate(to size: Int64) throws(Errno) {
    try unsafe withLink { link throws(Errno) in
      _ = try unsafe valueOrErrno(Glibc.truncate(link, Int(size)))
    }
  }

  /// Reads a symbolic link's target. The system call is `readlinkat` with an empty path.
  ///
  /// - Returns: bytes written to `buffer`; a longer target is cut.
  /// - Throws: `ENOENT` if it isn't a symbolic link.
  package borrowing func readlink(into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      let base = unsafe UnsafeMutableRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
      guard let base = unsafe base else { throw .invalidArgument }
      return try unsafe valueOrErrno(readlinkat(rawValue, "", base, bytes.count))
    }
  }

  /// Gives the object another name; of a symbolic link, the link itself. The system call is `linkat`, by its link.
  ///
  /// - Throws: `ENOENT` if it has no name any more.
  package borrowing func link(into directory: borrowing Descriptor, name: borrowing Path) throws(Errno) {
    try unsafe withLink { link throws(Errno) in
      try directory.at(name) { to throws(Errno) in
        _ = try unsafe valueOrErrno(linkat(AT_FDCWD, link, to.directory, to.pointer, AT_SYMLINK_FOLLOW))
      }
    }
  }

  /// Returns the status of the object's file system. The system call is `fstatfs`.
  package borrowing func fileSystemStatus() throws(Errno) -> FileSystemStatus {
    var raw = statfs()
    _ = try unsafe valueOrErrno(kernel: cl_fstatfs(rawValue, &raw))
    return FileSystemStatus(raw: raw)
  }
}

// Extended attributes of an object, by its link.
extension Descriptor {
  /// Reads a value; with an empty buffer, returns its length only. The system call is `getxattr`.
  ///
  /// - Throws: `ERANGE` if the value is longer than the buffer, unless that is empty.
  package borrowing func getxattr(
    _ name: borrowing Path, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    let name = unsafe name.piece(at: 0)
    return try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      try unsafe withLink { link throws(Errno) in
        try unsafe valueOrErrno(CLinux.getxattr(link, name, bytes.baseAddress, bytes.count))
      }
    }
  }

  /// Lists the names, each with its NUL. The system call is `listxattr`.
  ///
  /// - Throws: `ERANGE` if they are longer than the buffer, unless that is empty.
  package borrowing func listxattr(into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      let base = unsafe UnsafeMutableRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
      return try unsafe withLink { link throws(Errno) in
        try unsafe valueOrErrno(CLinux.listxattr(link, base, bytes.count))
      }
    }
  }

  /// The system call is `setxattr`; `flags` are its `XATTR_CREATE` and `XATTR_REPLACE`.
  package borrowing func setxattr(
    _ name: borrowing Path, to value: Span<UInt8>, flags: CInt
  ) throws(Errno) {
    let name = unsafe name.piece(at: 0)
    try unsafe value.withUnsafeBufferPointer { bytes throws(Errno) in
      try unsafe withLink { link throws(Errno) in
        _ = try unsafe valueOrErrno(CLinux.setxattr(link, name, bytes.baseAddress, bytes.count, flags))
      }
    }
  }

  /// Removes an attribute. The system call is `removexattr`.
  package borrowing func removexattr(_ name: borrowing Path) throws(Errno) {
    let name = unsafe name.piece(at: 0)
    try unsafe withLink { link throws(Errno) in
      _ = try unsafe valueOrErrno(CLinux.removexattr(link, name))
    }
  }
}
