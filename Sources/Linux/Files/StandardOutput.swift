internal import Glibc

/// Standard output, for a program that may do little more than write.
///
/// `print` would ask first whether it is a terminal, which a system-call filter needn't allow.
package enum StandardOutput {
  /// Writes a line. What can't be written is nobody's loss. The system call is `write`.
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
