internal import Glibc
package import SystemPackage

// Character devices that bytes come from and go to.
extension Descriptor {
  /// Opens a device. The system call is `open(O_RDWR | O_NOCTTY)`.
  ///
  /// - Throws: `EBUSY` if another process has it open, and the device lets in one.
  package static func device(_ path: HostPath) throws(Errno) -> Descriptor {
    Descriptor(adopting: try unsafe valueOrErrno(Glibc.open(path.pointer, O_RDWR | O_NOCTTY | O_CLOEXEC)))
  }

  /// Reads the next bytes, and waits for at least one. The system call is `read`.
  ///
  /// - Returns: the number of bytes; 0 at the end.
  package borrowing func readNext(into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      try unsafe valueOrErrno(Glibc.read(rawValue, bytes.baseAddress, bytes.count))
    }
  }

  /// Writes all bytes. The system call is `write`, repeated after a partial write.
  package borrowing func writeNext(_ bytes: Span<UInt8>) throws(Errno) {
    var written = 0
    while written < bytes.count {
      let rest = bytes.extracting(droppingFirst: written)
      written += try unsafe rest.withUnsafeBufferPointer { rest throws(Errno) in
        try unsafe valueOrErrno(Glibc.write(rawValue, rest.baseAddress, rest.count))
      }
    }
  }

  /// True if nobody is at the device's other end. The system call is `poll`.
  package var isHungUp: Bool {
    var wanted = pollfd(fd: rawValue, events: 0, revents: 0)
    return unsafe poll(&wanted, 1, 0) == 1 && wanted.revents & Int16(POLLHUP) != 0
  }
}
