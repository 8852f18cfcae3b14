internal import CLinux
internal import Glibc
internal import SystemPackage

extension Descriptor {
  /// Calls `body` with the arguments for a path relative to this directory.
  ///
  /// If the path is too long for the kernel, opens all pieces but the last first. This follows the same links and throws the
  /// same errors as the kernel would.
  ///
  /// - Throws: the error of opening a piece, or of `body`.
  @inline(__always)
  borrowing func at<Value: ~Copyable>(
    _ path: borrowing Path, _ body: (AtPath) throws(Errno) -> Value
  ) throws(Errno) -> Value {
    guard path.lastPiece > 0 else {
      return try body(unsafe AtPath(directory: rawValue, pointer: path.piece(at: 0)))
    }
    let parent = try walk(path)
    return try body(unsafe AtPath(directory: parent.rawValue, pointer: path.piece(at: path.lastPiece)))
  }

  /// Opens the directory that all pieces but the last lead to.
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

  /// Calls `body` with a path for calls that take no directory descriptor.
  ///
  /// Such calls (`truncate`, `statfs`, extended attributes before Linux 6.13) start at the working directory. If `home`, the
  /// calling thread's working directory, is another one, this directory is the working directory during `body`.
  ///
  /// - Throws: the error of opening a piece, of `fchdir` or of `body`.
  @inline(__always)
  borrowing func byWorkingDirectory<Value>(
    _ path: borrowing Path, home: borrowing Descriptor, _ body: (UnsafePointer<CChar>) throws(Errno) -> Value
  ) throws(Errno) -> Value {
    let home = home.rawValue
    return try at(path) { target throws(Errno) in
      guard target.directory != home else { return try unsafe body(target.pointer) }
      _ = try valueOrErrno(fchdir(target.directory))
      defer {
        // Every later call would start at the wrong directory.
        if fchdir(home) < 0 { die("fchdir to the export's root", error: Errno(rawValue: errno)) }
      }
      return try unsafe body(target.pointer)
    }
  }
}
