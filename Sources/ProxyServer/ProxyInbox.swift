import Linux
import ProxyProtocol
import Serving
import SystemPackage
import Wire

/// The receiving side of a connection: requests, one frame at a time.
struct ProxyInbox: ~Copyable {
  private var received: ReceiveBuffer

  /// Creates one with room for two frames.
  ///
  /// - Throws: `ENOMEM`.
  init() throws(Errno) {
    received = ReceiveBuffer(try ChargedBuffer(uncounted: 2 * Frame.maximumSize))
  }

  /// Waits for a whole frame.
  ///
  /// - Returns: the frame's header; ``payload(of:)`` has the rest.
  mutating func receiveFrame(
    from socket: borrowing Descriptor, waiting wait: inout RequestWait
  ) throws(Ending) -> FrameHeader {
    try received.receive(Frame.headerSize, from: socket, waiting: &wait)
    let header: FrameHeader
    do throws(Malformed) {
      header = try FrameHeader(received.bytes)
    } catch {
      throw .cutShort
    }
    guard header.size <= UInt32(Frame.maximumPayload) else { throw .nonsense(type: header.type, size: header.size) }
    try received.receive(Frame.headerSize + Int(header.size), from: socket, waiting: &wait)
    return header
  }

  /// The payload of the first frame.
  @_lifetime(borrow self)
  borrowing func payload(of header: FrameHeader) -> Span<UInt8> {
    received.span(Frame.headerSize..<Frame.headerSize + Int(header.size))
  }

  /// Removes the first frame.
  mutating func discardFrame(_ header: FrameHeader) { received.discard(Frame.headerSize + Int(header.size)) }
}
