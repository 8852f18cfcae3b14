internal import CLinux
internal import Glibc
package import SystemPackage

// Extended attributes, `xattr(7)`, of files and of symbolic links themselves. There are no *at calls before Linux 6.13.
extension Descriptor {
  /// A value; with an empty buffer only its length.
  ///
  /// The system call is `lgetxattr`.
  /// - Throws: `ERANGE` where the value is longer than a buffer that isn't empty.
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

  /// All names, each with its NUL; with an empty buffer only their length.
  ///
  /// The system call is `llistxattr`.
  /// - Throws: `ERANGE` where they are longer than a buffer that isn't empty.
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

  /// The system call is `lsetxattr`; `flags` are its `XATTR_CREATE` and `XATTR_REPLACE`.
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

  /// The system call is `lremovexattr`.
  package borrowing func removexattr(
    of path: borrowing Path, name: borrowing Path, home: borrowing Descriptor
  ) throws(Errno) {
    let name = unsafe name.piece(at: 0)
    try unsafe byWorkingDirectory(path, home: home) { pointer throws(Errno) in
      _ = try unsafe valueOrErrno(lremovexattr(pointer, name))
    }
  }
}
