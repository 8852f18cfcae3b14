internal import Linux
internal import SystemPackage

/// The buffer that a name is copied into for system calls, which take bytes that end in NUL. It is reused from one call to
/// the next.
package struct NameBuffer: ~Copyable {
  private let path: Cell<Path>

  /// Creates an empty buffer, for one thread.
  package init() {
    path = Cell(Path())
  }

  /// Calls `body` with the bytes of a name, of a symbolic link's target or of an extended attribute's name.
  ///
  /// - Throws: `EINVAL` if they hold a NUL, and the error of `body`.
  @inline(__always)
  borrowing func with<Value: ~Copyable>(
    _ bytes: Span<UInt8>, _ body: (borrowing Path) throws(Errno) -> Value
  ) throws(Errno) -> Value {
    try path.with { path throws(Errno) in
      try path.set(bytes)
      return try body(path)
    }
  }

  /// Calls `body` with the buffer, to be set.
  @inline(__always)
  borrowing func with<Value: ~Copyable>(
    _ body: (inout Path) throws(Errno) -> Value
  ) throws(Errno) -> Value {
    try path.with(body)
  }
}
