import Linux
import NinePProtocol
import Serving
import SystemPackage

/// The sending half of a connection: replies are put together here, one behind the other, and sent in one call.
struct Outbox: ~Copyable {
  private var buffer: ChargedBuffer
  /// Bytes of replies that are finished and not sent yet.
  private var ready = 0
  /// Bytes of the reply that is being made, behind those.
  private var count = 0

  /// Room for the replies that there may be before a version is agreed upon.
  ///
  /// - Throws: `ENOMEM`.
  init() throws(Errno) {
    buffer = try ChargedBuffer(uncounted: Self.capacity(for: MessageSize.beforeVersion))
  }

  /// Bytes of a buffer for a reply of up to `size` bytes, and for some short ones before it.
  static func capacity(for size: UInt32) -> Int {
    max(Int(size), ReplyWriter.smallestBuffer) + most + mostUnfinished
  }

  /// Moves to another buffer, which has room for replies that are finished, of whatever size it is for.
  mutating func change(to buffer: consuming ChargedBuffer) {
    var buffer = buffer
    buffer.copy(self.buffer.span(0..<ready), to: 0)
    self.buffer = buffer
  }

  /// The most bytes that wait for further replies.
  private static let most = 32 << 10
  /// Bytes of replies to requests that others had to wait for.
  private static let mostUnfinished = 4 << 10

  /// Makes what `write` writes the reply. It returns the reply's size in bytes.
  mutating func put<Failure: Error>(
    _ write: (inout MutableSpan<UInt8>) throws(Failure) -> Int
  ) throws(Failure) {
    var rest = buffer.mutableSpan(ready..<buffer.capacity)
    count = try write(&rest)
  }

  /// Makes a failure the reply.
  mutating func put(_ error: Errno, _ writer: ReplyWriter) {
    put { buffer in writer.error(ErrorNumber(error), into: &buffer) }
  }

  /// Whether there is room for a short reply without sending those that are finished.
  var hasRoom: Bool { ready <= Self.most }

  /// Room for a part of the reply, for the kernel to write it where the reply will have it.
  @_lifetime(&self)
  mutating func space(at offset: Int, _ count: Int) -> MutableSpan<UInt8> {
    buffer.mutableSpan(ready + offset..<ready + offset + count)
  }

  /// Says that the reply is whole.
  ///
  /// - Returns: whether another may come before they are sent.
  mutating func finish() -> Bool {
    ready += count
    count = 0
    return ready <= Self.most
  }

  /// Sends the replies that are finished.
  mutating func send(on sender: ReplySender) throws(Errno) {
    guard ready > 0 else { return }
    defer { ready = 0 }
    try sender.send(buffer.span(0..<ready))
  }
}
