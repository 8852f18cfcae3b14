internal import Glibc

/// The write end of a ``Pipe``.
package struct PipeSender: ~Copyable {
  let end: Descriptor

  /// Sends a byte. The system call is `write`.
  package borrowing func send() {
    var word: UInt8 = 1
    _ = unsafe write(end.rawValue, &word, 1)
  }
}
