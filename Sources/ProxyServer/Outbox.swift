import Linux
import ProxyProtocol
import SystemPackage

/// The sending half of a connection: encodes a reply, then sends it in one call.
struct Outbox: ~Copyable {
  private var buffer = Buffer(capacity: Frame.maximumSize)
  private var count = 0
  /// Descriptors that were sent since the client was last seen to have received everything.
  private var underWay = 0
  /// The most of them. The kernel counts those that nobody has received for all processes of a user together, and refuses
  /// further ones when they are more than RLIMIT_NOFILE: a client that never reads must not take that from other helpers.
  private static let mostUnderWay = 8

  /// Calls `write` to encode the reply. `write` returns the reply's size in bytes.
  mutating func put(_ write: (inout MutableSpan<UInt8>) -> Int) {
    var all = buffer.mutableSpan(0..<buffer.capacity)
    count = write(&all)
  }

  /// Returns the room of a value of up to `room` bytes, so that the kernel writes it in place.
  @_lifetime(&self)
  mutating func valueSpace(_ room: Int) -> MutableSpan<UInt8> {
    buffer.mutableSpan(Reply.valueOffset..<Reply.valueOffset + room)
  }

  /// Sends the reply.
  borrowing func send(on socket: borrowing Descriptor) throws(Errno) {
    try socket.send(buffer.span(0..<count))
  }

  /// Sends the reply with a descriptor beside it.
  ///
  /// - Throws: `ETOOMANYREFS` where the peer has too many that it hasn't received. Nothing is sent then.
  mutating func send(with descriptor: borrowing Descriptor, on socket: borrowing Descriptor) throws(Errno) {
    if underWay == Self.mostUnderWay {
      guard try socket.isAllReceived() else { throw .tooManyReferences }
      underWay = 0
    }
    try socket.send(buffer.span(0..<count), with: descriptor)
    underWay += 1
  }
}
