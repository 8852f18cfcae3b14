internal import CLinux
internal import Glibc
package import SystemPackage

/// Small files of the host that start-up reads and writes: the kernel's in `/proc`, and lists in `/etc`.
package enum HostFile {
  /// Adds all that a file holds. The system calls are `open` and `read`.
  ///
  /// - Throws: `EFBIG` where that is more than `most` bytes.
  package static func read(_ path: String, into bytes: inout [UInt8], most: Int = .max) throws(Errno) {
    let file = Descriptor(adopting: try unsafe valueOrErrno(open(path, O_RDONLY | O_CLOEXEC)))
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = try unsafe valueOrErrno(Glibc.read(file.rawValue, &chunk, chunk.count))
      guard count > 0 else { return }
      guard bytes.count <= most - count else { throw .fileTooLarge }
      bytes += chunk.prefix(count)
    }
  }

  /// Writes a file that is there, in one call, as the kernel wants it of its own. The system calls are `open` and `write`.
  package static func write(_ text: String, to path: String) throws(Errno) {
    let file = Descriptor(adopting: try unsafe valueOrErrno(open(path, O_WRONLY | O_CLOEXEC)))
    let bytes = Array(text.utf8)
    _ = try unsafe valueOrErrno(Glibc.write(file.rawValue, bytes, bytes.count))
  }

  /// Whether this is all that a small file holds; nil where it can't be read.
  ///
  /// Every helper asks this, and `String` would cost it half a megabyte of memory.
  package static func holds(_ text: StaticString, _ path: StaticString) -> Bool? {
    let file = unsafe open(UnsafeRawPointer(path.utf8Start).assumingMemoryBound(to: CChar.self), O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: InlineArray<64, UInt8> = .init(repeating: 0)
    var span = bytes.mutableSpan
    return unsafe span.withUnsafeMutableBufferPointer {
      let count = unsafe Glibc.read(file, $0.baseAddress, $0.count)
      guard count >= 0, let base = $0.baseAddress else { return nil }
      return unsafe count == text.utf8CodeUnitCount && memcmp(base, text.utf8Start, count) == 0
    }
  }
}
