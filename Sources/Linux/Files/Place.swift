internal import CLinux
internal import Glibc
internal import SystemPackage

/// How `*at` calls name an object: a directory and a path from there that the kernel takes in one go.
///
/// It borrows its path: no call outlives the closure that it is handed to.
@safe
struct Place {
  let directory: CInt
  let pointer: UnsafePointer<CChar>
}

extension Descriptor {
  /// Calls `body` with the place that `path` names from this directory.
  ///
  /// A path that is too long for the kernel is walked down to its last piece first, as the kernel would: the same
  /// links are followed, the same errors come out.
  ///
  /// - Throws: what the walk or `body` throws.
  @inline(__always)
  borrowing func at<Value: ~Copyable>(
    _ path: borrowing Path, _ body: (Place) throws(Errno) -> Value
  ) throws(Errno) -> Value {
    guard path.lastPiece > 0 else {
      return try body(unsafe Place(directory: rawValue, pointer: path.piece(at: 0)))
    }
    let parent = try walk(path)
    return try body(unsafe Place(directory: parent.rawValue, pointer: path.piece(at: path.lastPiece)))
  }

  /// The directory that all pieces but the last lead to.
  private borrowing func walk(_ path: borrowing Path) throws(Errno) -> Descriptor {
    let flags = cl_o_path | O_DIRECTORY | O_CLOEXEC
    var directory = Descriptor(
      adopting: try unsafe valueOrErrno(openat(rawValue, path.piece(at: 0), flags)))
    var offset = path.piece(after: 0)
    while offset < path.lastPiece {
      directory = Descriptor(
        adopting: try unsafe valueOrErrno(openat(directory.rawValue, path.piece(at: offset), flags)))
      offset = path.piece(after: offset)
    }
    return directory
  }

  /// Calls `body` with a path that means the same to calls that know no directory descriptor.
  ///
  /// Such calls (`truncate`, `statfs`, the extended attributes before Linux 6.13) start at the working directory. It
  /// is moved to this directory for a moment where `home`, the calling thread's own working directory, is another.
  ///
  /// - Throws: what the walk, `fchdir` or `body` throws.
  @inline(__always)
  borrowing func byWorkingDirectory<Value>(
    _ path: borrowing Path, home: borrowing Descriptor, _ body: (UnsafePointer<CChar>) throws(Errno) -> Value
  ) throws(Errno) -> Value {
    let home = home.rawValue
    return try at(path) { place throws(Errno) in
      guard place.directory != home else { return try unsafe body(place.pointer) }
      _ = try valueOrErrno(fchdir(place.directory))
      defer {
        // Every later call would start at the wrong place.
        if fchdir(home) < 0 { die("fchdir to the export's root", error: Errno(rawValue: errno)) }
      }
      return try unsafe body(place.pointer)
    }
  }
}
