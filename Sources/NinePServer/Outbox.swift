import Linux
import NinePProtocol
import Serving
import SystemPackage

/// The sending half of a connection: encodes replies one after the other, and sends them in one call.
struct Outbox: ~Copyable {
  private var buffer: ChargedBuffer
  /// The size in bytes of the replies that are finished and not sent yet.
  private var ready = 0
  /// The size in bytes of the current reply, after those.
  private var count = 0

  /// Creates an outbox for the replies before a version is agreed upon.
  ///
  /// - Throws: `ENOMEM`.
  init() throws(Errno) {
    buffer = try ChargedBuffer(uncounted: Self.capacity(for: MessageSize.beforeVersion))
  }

  /// The size in bytes of a buffer for a reply of up to `size` bytes, and for some short ones before it.
  static func capacity(for size: UInt32) -> Int {
    max(Int(size), ReplyWriter.smallestBuffer) + most + mostUnfinished
  }

  /// Replaces the buffer. Every buffer has room for the finished replies.
  mutating func change(to buffer: consuming ChargedBuffer) {
    var buffer = buffer
    buffer.copy(self.buffer.span(0..<ready), to: 0)
    self.buffer = buffer
  }

  /// The most bytes of finished replies that wait for further ones.
  private static let most = 32 << 10
  /// The most bytes of replies to unfinished requests, which are answered together.
  private static let mostUnfinished = 4 << 10

  /// Calls `write` to encode the reply, after the finished ones. `write` returns the reply's size in bytes.
  mutating func put<Failure: Error>(
    _ write: (inout MutableSpan<UInt8>) throws(Failure) -> Int
  ) throws(Failure) {
    var rest = buffer.mutableSpan(ready..<buffer.capacity)
    count = try write(&rest)
  }

  /// Encodes a failure as the reply.
  mutating func put(_ error: Errno, reply writer: ReplyWriter) {
    put { buffer in writer.error(ErrorNumber(error), into: &buffer) }
  }

  /// True if there is room for a short reply without sending the finished ones.
  var hasRoom: Bool { ready <= Self.most }

  /// Returns the room of a part of the reply, so that the kernel writes it in place.
  @_lifetime(&self)
  mutating func space(at offset: Int, count: Int) -> MutableSpan<UInt8> {
    buffer.mutableSpan(ready + offset..<ready + offset + count)
  }

  /// Finishes the current reply.
  ///
  /// - Returns: true if there is room for another before they are sent.
  mutating func finish() -> Bool {
    ready += count
    count = 0
    return ready <= Self.most
  }

  /// Sends the finished replies.
  mutating func send(on sender: ReplySender) throws(Errno) {
    guard ready > 0 else { return }
    defer { ready = 0 }
    try sender.send(buffer.span(0..<ready))
  }
}
