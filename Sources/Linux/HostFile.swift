internal import CLinux
internal import Glibc
package import SystemPackage

/// Small files of the host that start-up reads and writes: the kernel's in `/proc`, and lists in `/etc`.
package enum HostFile {
  /// Adds all that a file holds. The system calls are `open` and `read`.
  package static func read(_ path: String, into bytes: inout [UInt8]) throws(Errno) {
    let file = Descriptor(adopting: try unsafe valueOrErrno(open(path, O_RDONLY | O_CLOEXEC)))
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = try unsafe valueOrErrno(Glibc.read(file.rawValue, &chunk, chunk.count))
      guard count > 0 else { return }
      bytes += chunk.prefix(count)
    }
  }

  /// Writes a file that is there, in one call, as the kernel wants it of its own. The system calls are `open` and `write`.
  package static func write(_ text: String, to path: String) throws(Errno) {
    let file = Descriptor(adopting: try unsafe valueOrErrno(open(path, O_WRONLY | O_CLOEXEC)))
    let bytes = Array(text.utf8)
    _ = try unsafe valueOrErrno(Glibc.write(file.rawValue, bytes, bytes.count))
  }

  /// Whether this is all that a file holds; nil where it can't be read.
  static func holds(_ text: String, _ path: String) -> Bool? {
    var bytes: [UInt8] = []
    do throws(Errno) {
      try read(path, into: &bytes)
    } catch {
      return nil
    }
    return bytes.elementsEqual(text.utf8)
  }
}
