import Linux
import NinePProtocol
import Serving
import SystemPackage
import Wire

/// The receiving side of a connection: requests, one frame at a time.
struct NinePInbox: ~Copyable {
  private var received: ReceiveBuffer

  /// Creates one with room for the frames before a version is agreed upon.
  ///
  /// - Throws: `ENOMEM`.
  init() throws(Errno) {
    received = ReceiveBuffer(try ChargedBuffer(uncounted: Self.capacity(for: MessageSize.beforeVersion)))
  }

  /// The size in bytes of a buffer for frames of up to `size` bytes.
  static func capacity(for size: UInt32) -> Int { Int(size) + readAhead }

  /// The number of bytes that are received beside the largest frame.
  private static let readAhead = 64 << 10

  /// Replaces the buffer, as soon as the pending bytes fit into the new one.
  mutating func change(to buffer: consuming ChargedBuffer) { received.change(to: buffer) }

  /// Waits for a whole frame of at most `limit` bytes, or until `deadline`, a time by `MonotonicTime`.
  ///
  /// - Returns: the frame's header; ``body(of:)`` has the rest.
  mutating func receiveFrame(
    from socket: borrowing Descriptor, limit: UInt32, until deadline: UInt64? = nil, waiting wait: inout RequestWait
  ) throws(Ending) -> FrameHeader {
    // A client that has agreed to small frames costs little memory.
    let most = Int(clamping: limit) + Self.readAhead
    try received.receive(Frame.headerSize, from: socket, upTo: most, until: deadline, waiting: &wait)
    let header: FrameHeader
    do throws(Malformed) {
      header = try FrameHeader(received.bytes)
    } catch {
      throw .cutShort
    }
    guard let size = header.frameSize(limit: limit) else {
      throw .nonsense(type: UInt32(header.type), size: header.size)
    }
    try received.receive(size, from: socket, upTo: most, until: deadline, waiting: &wait)
    return header
  }

  /// The body of the first frame.
  @_lifetime(borrow self)
  borrowing func body(of header: FrameHeader) -> Span<UInt8> {
    received.span(Frame.headerSize..<Int(header.size))
  }

  /// Removes the first frame.
  mutating func discardFrame(_ header: FrameHeader) { received.discard(Int(header.size)) }

  /// The type of the first frame, if it has arrived as a whole and has a possible size.
  borrowing func next(limit: UInt32) -> UInt8? {
    do throws(Malformed) {
      let header = try FrameHeader(received.bytes)
      guard let size = header.frameSize(limit: limit), size <= received.count else { return nil }
      return header.type
    } catch {
      return nil
    }
  }
}
