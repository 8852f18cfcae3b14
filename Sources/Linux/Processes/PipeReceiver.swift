internal import Glibc

/// The read end of a ``Pipe``.
package struct PipeReceiver: ~Copyable {
  let end: Descriptor

  /// Waits for a byte. The system call is `read`.
  ///
  /// - Returns: false if the other end was closed first.
  package borrowing func wait() -> Bool {
    var word: UInt8 = 0
    while true {
      let count = unsafe read(end.rawValue, &word, 1)
      if count < 0 && errno == EINTR { continue }
      return count == 1
    }
  }

  /// Reads until the other end is closed. Bytes beyond `most` are discarded.
  borrowing func readAll(into bytes: inout [UInt8], most: Int) {
    var chunk: InlineArray<4096, UInt8> = .init(repeating: 0)
    while true {
      var span = chunk.mutableSpan
      let count = unsafe span.withUnsafeMutableBufferPointer { unsafe read(end.rawValue, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
      for index in 0..<min(count, max(0, most - bytes.count)) { bytes.append(chunk[index]) }
    }
  }
}
