import Linux
import ProxyProtocol
import Serving
import SystemPackage

/// The receiving half of a connection: requests as they arrive, one whole frame at a time.
///
/// A peer may split a frame over many writes or send several in one: what was read too far is kept.
struct Inbox: ~Copyable {
  private var buffer = Buffer(capacity: 2 * Frame.maximumSize)
  /// What was read and isn't handled yet.
  private var pending = 0..<0

  /// Why no further request can come.
  enum End: Error {
    /// The peer closed between two requests.
    case closed
    /// The peer closed within a request.
    case cutShort
    /// The header claims more than a frame may hold.
    case oversized(FrameHeader)
    case failed(Errno)
  }

  /// Waits until a whole frame is there.
  ///
  /// - Returns: its header; ``payload(of:)`` has the rest.
  mutating func receiveFrame(
    from socket: borrowing Descriptor, waiting wait: inout RequestWait
  ) throws(End) -> FrameHeader {
    try receive(Frame.headerSize, from: socket, &wait)
    let header: FrameHeader
    do throws(Malformed) {
      header = try FrameHeader(buffer.span(pending))
    } catch {
      throw .cutShort
    }
    guard header.size <= UInt32(Frame.maximumPayload) else { throw .oversized(header) }
    try receive(Frame.headerSize + Int(header.size), from: socket, &wait)
    return header
  }

  /// The payload of the frame that is there.
  @_lifetime(borrow self)
  borrowing func payload(of header: FrameHeader) -> Span<UInt8> {
    let start = pending.lowerBound + Frame.headerSize
    return buffer.span(start..<start + Int(header.size))
  }

  /// Forgets the frame that is there.
  mutating func discardFrame(_ header: FrameHeader) {
    let end = pending.lowerBound + Frame.headerSize + Int(header.size)
    pending = end == pending.upperBound ? 0..<0 : end..<pending.upperBound
  }

  /// Reads until `count` bytes are pending, in one call where they have come already.
  private mutating func receive(
    _ count: Int, from socket: borrowing Descriptor, _ wait: inout RequestWait
  ) throws(End) {
    if pending.lowerBound + count > buffer.capacity {
      buffer.moveToFront(pending)
      pending = 0..<pending.count
    }
    while pending.count < count {
      let read: Int
      do throws(Errno) {
        var space = buffer.mutableSpan(pending.upperBound..<buffer.capacity)
        read = try wait.receive { waiting throws(Errno) in try socket.receive(into: &space, waiting: waiting) }
      } catch {
        throw .failed(error)
      }
      guard read > 0 else { throw pending.isEmpty ? .closed : .cutShort }
      pending = pending.lowerBound..<pending.upperBound + read
    }
  }
}
