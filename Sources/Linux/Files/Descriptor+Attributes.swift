internal import Glibc
package import SystemPackage

// Changes of a file's mode, owner, times and size, by path.
extension Descriptor {
  /// Changes the mode, of a symbolic link's target. The system call is `fchmodat`.
  package borrowing func chmod(_ path: borrowing Path, to mode: UInt32) throws(Errno) {
    try at(path) { target throws(Errno) in
      _ = try unsafe valueOrErrno(fchmodat(target.directory, target.pointer, mode, 0))
    }
  }

  /// Changes the owner, of a symbolic link itself; `UInt32.max` leaves an id unchanged.
  ///
  /// The system call is `fchownat(AT_SYMLINK_NOFOLLOW)`.
  package borrowing func chown(_ path: borrowing Path, uid: UInt32, gid: UInt32) throws(Errno) {
    try at(path) { target throws(Errno) in
      _ = try unsafe valueOrErrno(fchownat(target.directory, target.pointer, uid, gid, AT_SYMLINK_NOFOLLOW))
    }
  }

  /// Sets the times, of a symbolic link itself. The system call is `utimensat(AT_SYMLINK_NOFOLLOW)`.
  package borrowing func utimens(_ path: borrowing Path, access: Time, modification: Time) throws(Errno) {
    try at(path) { target throws(Errno) in
      try unsafe withUnsafePointer(to: (access.raw, modification.raw)) { times throws(Errno) in
        let times = unsafe UnsafeRawPointer(times).assumingMemoryBound(to: timespec.self)
        _ = try unsafe valueOrErrno(utimensat(target.directory, target.pointer, times, AT_SYMLINK_NOFOLLOW))
      }
    }
  }

  /// Sets the size, of a symbolic link's target, without opening it. The system call is `truncate`.
  package borrowing func truncate(
    _ path: borrowing Path, to size: Int64, home: borrowing Descriptor
  ) throws(Errno) {
    try unsafe byWorkingDirectory(path, home: home) { pointer throws(Errno) in
      _ = try unsafe valueOrErrno(Glibc.truncate(pointer, Int(size)))
    }
  }
}
