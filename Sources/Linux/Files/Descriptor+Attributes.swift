internal import Glibc
package import SystemPackage

// What changes a file's own attributes.
extension Descriptor {
  /// The system call is `fchmodat`, which follows symbolic links.
  package borrowing func chmod(_ path: borrowing Path, to mode: UInt32) throws(Errno) {
    try at(path) { place throws(Errno) in
      _ = try unsafe valueOrErrno(fchmodat(place.directory, place.pointer, mode, 0))
    }
  }

  /// The system call is `fchownat(AT_SYMLINK_NOFOLLOW)`; `UInt32.max` leaves an id as it is.
  package borrowing func chown(_ path: borrowing Path, uid: UInt32, gid: UInt32) throws(Errno) {
    try at(path) { place throws(Errno) in
      _ = try unsafe valueOrErrno(fchownat(place.directory, place.pointer, uid, gid, AT_SYMLINK_NOFOLLOW))
    }
  }

  /// The system call is `utimensat(AT_SYMLINK_NOFOLLOW)`.
  package borrowing func utimens(_ path: borrowing Path, access: Time, modification: Time) throws(Errno) {
    try at(path) { place throws(Errno) in
      try unsafe withUnsafePointer(to: (access.raw, modification.raw)) { times throws(Errno) in
        let times = unsafe UnsafeRawPointer(times).assumingMemoryBound(to: timespec.self)
        _ = try unsafe valueOrErrno(utimensat(place.directory, place.pointer, times, AT_SYMLINK_NOFOLLOW))
      }
    }
  }

  /// The system call is `truncate`, which follows symbolic links and opens nothing.
  package borrowing func truncate(
    _ path: borrowing Path, to size: Int64, home: borrowing Descriptor
  ) throws(Errno) {
    try unsafe byWorkingDirectory(path, home: home) { pointer throws(Errno) in
      _ = try unsafe valueOrErrno(Glibc.truncate(pointer, Int(size)))
    }
  }
}
