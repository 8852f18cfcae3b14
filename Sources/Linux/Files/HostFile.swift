internal import CLinux
internal import Glibc
package import SystemPackage

/// Small files that start-up reads and writes: the kernel's in `/proc`, and lists in `/etc`.
package enum HostFile {
  /// Appends the contents of a file. The system calls are `open` and `read`.
  ///
  /// - Throws: `EFBIG` if the file has more than `most` bytes.
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

  /// Writes to an existing file by one call, which files in `/proc` need. The system calls are `open` and `write`.
  package static func write(_ text: String, to path: String) throws(Errno) {
    let file = Descriptor(adopting: try unsafe valueOrErrno(open(path, O_WRONLY | O_CLOEXEC)))
    let bytes = Array(text.utf8)
    _ = try unsafe valueOrErrno(Glibc.write(file.rawValue, bytes, bytes.count))
  }

  /// Compares the contents of a small file with a text; nil if the file can't be read.
  ///
  /// Every helper calls this, and `String` would cost it half a megabyte of memory.
  package static func holds(_ text: StaticString, at path: StaticString) -> Bool? {
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
