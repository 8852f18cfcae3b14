package import Linux
internal import SystemPackage

/// The receiving side of a stream socket: bytes that have arrived and aren't handled yet.
///
/// A peer may split a frame over many writes, or send several in one: bytes beyond a frame are kept for the next one.
package struct ReceiveBuffer: ~Copyable {
  private var buffer: ChargedBuffer
  /// The buffer that takes this one's place as soon as it has room for the pending bytes.
  private var next: ChargedBuffer? = nil
  private var hasNext = false
  /// The range of the pending bytes in the buffer.
  private var pending = 0..<0

  package init(_ buffer: consuming ChargedBuffer) {
    self.buffer = buffer
  }

  /// Replaces the buffer, as soon as the pending bytes fit into the new one.
  package mutating func change(to buffer: consuming ChargedBuffer) {
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

  /// The number of pending bytes.
  package var count: Int { pending.count }

  /// The pending bytes.
  package var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get { buffer.span(pending) }
  }

  /// A range of the pending bytes.
  @_lifetime(borrow self)
  package borrowing func span(_ range: Range<Int>) -> Span<UInt8> {
    buffer.span(pending.lowerBound + range.lowerBound..<pending.lowerBound + range.upperBound)
  }

  /// Removes the first pending bytes.
  package mutating func discard(_ count: Int) {
    let end = pending.lowerBound + count
    pending = end == pending.upperBound ? 0..<0 : end..<pending.upperBound
    if hasNext { changeIfFits() }
  }

  /// Receives until this many bytes are pending: in one call, if they have arrived already.
  ///
  /// - Parameters:
  ///   - count: the number of bytes; the buffer must have room for them.
  ///   - socket: the stream socket.
  ///   - most: the number of bytes that are received ahead at most. The rest of the buffer isn't touched, so that it takes
  ///     no memory.
  ///   - deadline: the time, by `MonotonicTime`, when they must have arrived.
  ///   - wait: the connection's way of waiting.
  /// - Throws: ``Ending/notStarted`` at the deadline.
  package mutating func receive(
    _ count: Int, from socket: borrowing Descriptor, upTo most: Int = .max, until deadline: UInt64? = nil,
    waiting wait: inout RequestWait
  ) throws(Ending) {
    guard pending.count < count else { return }
    let end = min(buffer.capacity, most)
    if pending.lowerBound + count > end {
      buffer.moveToFront(pending)
      pending = 0..<pending.count
    }
    while pending.count < count {
      let read: Int
      do throws(Errno) {
        // The deadline isn't moved by what arrives: a byte now and then is no more than none.
        if let deadline, try !socket.waitForInput(until: deadline) { throw .timedOut }
        var space = buffer.mutableSpan(pending.upperBound..<end)
        read = try wait.receive { waiting throws(Errno) in try socket.receive(into: &space, waiting: waiting) }
      } catch {
        throw deadline != nil && error == .timedOut ? .notStarted : Ending(error)
      }
      guard read > 0 else { throw pending.isEmpty ? .closed : .cutShort }
      pending = pending.lowerBound..<pending.upperBound + read
    }
  }
}
