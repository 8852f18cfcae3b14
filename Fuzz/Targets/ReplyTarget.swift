internal import ProxyProtocol

/// Any payload, read as any reply: what a driver has to read, and the replies' own encoders.
package enum ReplyTarget {
  package static func run(_ input: Span<UInt8>) {
    if let header = try? FrameHeader(input) {
      if input.count < Frame.headerSize { violated("a header of \(input.count) bytes") }
      let first = try? FrameHeader(input.extracting(first: Frame.headerSize))
      if first != header { violated("more than a header is read") }
    } else if input.count >= Frame.headerSize {
      violated("a header is refused")
    }
    if let status = try? FileStatus(input) {
      check(input, FileStatus.size) { Reply.fileStatus(status, into: &$0) }
    } else if input.count == FileStatus.size {
      violated("a file's status is refused")
    }
    if let status = try? FileSystemStatus(input) {
      check(input, FileSystemStatus.size) { Reply.fileSystemStatus(status, into: &$0) }
    } else if input.count == FileSystemStatus.size {
      violated("a file system's status is refused")
    }
  }

  /// What was decoded must have had this size, and `encode` must write the same bytes.
  private static func check(_ input: Span<UInt8>, _ size: Int, encode: (inout MutableSpan<UInt8>) -> Int) {
    if input.count != size { violated("\(input.count) bytes read as \(size)") }
    var frame = [UInt8](repeating: 0xaa, count: Frame.maximumSize)
    var buffer = frame.mutableSpan
    let count = encode(&buffer)
    if !same(frame.span.extracting(Frame.headerSize..<count), input) { violated("a field changes when it is encoded") }
  }
}
