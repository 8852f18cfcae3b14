import Linux
import NinePProtocol
import Serving
import SystemPackage
import Wire

/// The receiving half of a connection: requests as they arrive, one whole frame at a time.
///
/// A peer may split a frame over many writes or send several in one: what was read too far is kept.
struct Inbox: ~Copyable {
  private var buffer: ChargedBuffer
  /// What takes the buffer's place when it has room for what is pending.
  private var next: ChargedBuffer? = nil
  private var hasNext = false
  /// What was read and isn't handled yet.
  private var pending = 0..<0

  /// Room for the frames that may come before a version is agreed upon.
  ///
  /// - Throws: `ENOMEM`.
  init() throws(Errno) {
    buffer = try ChargedBuffer(uncounted: Self.capacity(for: MessageSize.beforeVersion))
  }

  /// Bytes of a buffer for frames of up to `size` bytes.
  static func capacity(for size: UInt32) -> Int { Int(size) + readAhead }

  /// Has this buffer take the other's place, as soon as what is pending fits.
  mutating func change(to buffer: consuming ChargedBuffer) {
    next = consume buffer
    hasNext = true
    changeIfFits()
  }

  private mutating func changeIfFits() {
    guard var buffer = next.take() else { return }
    guard pending.count <= buffer.capacity else {
      next = consume buffer
      return
    }
    buffer.copy(self.buffer.span(pending), to: 0)
    pending = 0..<pending.count
    self.buffer = consume buffer
    hasNext = false
  }

  /// What may come beside the largest frame.
  private static let readAhead = 64 << 10

  /// Why no further request can come.
  enum End: Error {
    /// The peer closed between two requests.
    case closed
    /// The peer closed within a request.
    case cutShort
    /// The header claims a size that no frame has.
    case nonsense(FrameHeader)
    /// The deadline has come first.
    case late
    case failed(Errno)
  }

  /// Waits until a whole frame of at most `limit` bytes is there, or until `deadline`, a moment of `MonotonicTime`.
  ///
  /// - Returns: its header; ``body(of:)`` has the rest.
  mutating func receiveFrame(
    from socket: borrowing Descriptor, limit: UInt32, until deadline: UInt64? = nil, waiting wait: inout RequestWait
  ) throws(End) -> FrameHeader {
    try receive(Frame.headerSize, from: socket, limit, deadline, &wait)
    let header: FrameHeader
    do throws(Malformed) {
      header = try FrameHeader(buffer.span(pending))
    } catch {
      throw .cutShort
    }
    guard let size = header.frameSize(limit: limit) else { throw .nonsense(header) }
    try receive(size, from: socket, limit, deadline, &wait)
    return header
  }

  /// What follows the header of the frame that is there.
  @_lifetime(borrow self)
  borrowing func body(of header: FrameHeader) -> Span<UInt8> {
    buffer.span(pending.lowerBound + Frame.headerSize..<pending.lowerBound + Int(header.size))
  }

  /// Forgets the frame that is there.
  mutating func discardFrame(_ header: FrameHeader) {
    let end = pending.lowerBound + Int(header.size)
    pending = end == pending.upperBound ? 0..<0 : end..<pending.upperBound
    if hasNext { changeIfFits() }
  }

  /// The type of the frame that is there already, whole; nil where there is none, or none of a size that there can be.
  borrowing func next(limit: UInt32) -> UInt8? {
    do throws(Malformed) {
      let header = try FrameHeader(buffer.span(pending))
      guard let size = header.frameSize(limit: limit), size <= pending.count else { return nil }
      return header.type
    } catch {
      return nil
    }
  }

  /// Reads until `count` bytes are pending, in one call where they have come already. Of the buffer no more is used than
  /// frames of at most `limit` bytes take, so that who agrees to small ones costs little memory.
  private mutating func receive(
    _ count: Int, from socket: borrowing Descriptor, _ limit: UInt32, _ deadline: UInt64?,
    _ wait: inout RequestWait
  ) throws(End) {
    let end = min(buffer.capacity, Int(clamping: limit) + Self.readAhead)
    if pending.lowerBound + count > end {
      buffer.moveToFront(pending)
      pending = 0..<pending.count
    }
    while pending.count < count {
      let read: Int
      do throws(Errno) {
        // Whatever has come: one byte now and then is no more than none.
        if let deadline, try !socket.waitForInput(until: deadline) { throw .timedOut }
        var space = buffer.mutableSpan(pending.upperBound..<end)
        read = try wait.receive { waiting throws(Errno) in try socket.receive(into: &space, waiting: waiting) }
      } catch {
        throw deadline != nil && error == .timedOut ? .late : .failed(error)
      }
      guard read > 0 else { throw pending.isEmpty ? .closed : .cutShort }
      pending = pending.lowerBound..<pending.upperBound + read
    }
  }
}
