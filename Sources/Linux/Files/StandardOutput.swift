internal import Glibc

/// Standard output, for a program under a system-call filter.
///
/// `print` would call `ioctl` first, to recognise a terminal, which a filter needn't allow.
package enum StandardOutput {
  /// Writes a line and ignores errors. The system call is `write`.
  package static func write(line: String) {
    let bytes = Array((line + "\n").utf8)
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress.map { unsafe $0 + written }, bytes.count - written)
      }
      guard count > 0 else { return }
      written += count
    }
  }
}
