internal import CLinux
internal import Glibc
package import SystemPackage

// Extended attributes by path, `xattr(7)`; of a symbolic link itself. Before Linux 6.13 there are no *at calls.
extension Descriptor {
  /// Reads a value; with an empty buffer, returns its length only.
  ///
  /// The system call is `lgetxattr`.
  /// - Throws: `ERANGE` if the value is longer than the buffer, unless that is empty.
  package borrowing func getxattr(
    of path: borrowing Path, name: borrowing Path, into buffer: inout MutableSpan<UInt8>,
    home: borrowing Descriptor
  ) throws(Errno) -> Int {
    let count = buffer.count
    let name = unsafe name.piece(at: 0)
    return try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      let base = bytes.baseAddress
      return try unsafe byWorkingDirectory(path, home: home) { pointer throws(Errno) in
        try unsafe valueOrErrno(lgetxattr(pointer, name, base, count))
      }
    }
  }

  /// Lists the names, each with its NUL; with an empty buffer, returns their length only.
  ///
  /// The system call is `llistxattr`.
  /// - Throws: `ERANGE` if they are longer than the buffer, unless that is empty.
  package borrowing func listxattr(
    of path: borrowing Path, into buffer: inout MutableSpan<UInt8>, home: borrowing Descriptor
  ) throws(Errno) -> Int {
    let count = buffer.count
    return try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      let base = unsafe UnsafeMutableRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
      return try unsafe byWorkingDirectory(path, home: home) { pointer throws(Errno) in
        try unsafe valueOrErrno(llistxattr(pointer, base, count))
      }
    }
  }

  /// Sets a value; `flags` are `XATTR_CREATE` and `XATTR_REPLACE`. The system call is `lsetxattr`.
  package borrowing func setxattr(
    of path: borrowing Path, name: borrowing Path, to value: Span<UInt8>, flags: CInt,
    home: borrowing Descriptor
  ) throws(Errno) {
    let name = unsafe name.piece(at: 0)
    try unsafe value.withUnsafeBufferPointer { bytes throws(Errno) in
      let base = bytes.baseAddress
      let count = bytes.count
      try unsafe byWorkingDirectory(path, home: home) { pointer throws(Errno) in
        _ = try unsafe valueOrErrno(lsetxattr(pointer, name, base, count, flags))
      }
    }
  }

  /// Removes an attribute. The system call is `lremovexattr`.
  package borrowing func removexattr(
    of path: borrowing Path, name: borrowing Path, home: borrowing Descriptor
  ) throws(Errno) {
    let name = unsafe name.piece(at: 0)
    try unsafe byWorkingDirectory(path, home: home) { pointer throws(Errno) in
      _ = try unsafe valueOrErrno(lremovexattr(pointer, name))
    }
  }
}
