internal import CLinux
internal import Glibc
package import SystemPackage

extension Descriptor {
  /// `PATH_MAX`: the most bytes of a path that the kernel takes or tells, with a NUL.
  package static let longestPath = Int(PATH_MAX)

  /// Writes the path that the kernel knows the file by, without a NUL. The system call is `readlink` of `/proc/self/fd/N`.
  ///
  /// - Returns: bytes written; a longer path is cut.
  /// - Throws: `ENOENT` without `/proc`.
  package borrowing func path(into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      try unsafe valueOrErrno(kernel: cl_path_of_descriptor(rawValue, bytes.baseAddress, bytes.count))
    }
  }
}
