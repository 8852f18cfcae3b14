import Linux
import ProxyProtocol
import SystemPackage

/// The sending half of a connection: a reply is put together here, then sent in one call.
struct Outbox: ~Copyable {
  private var buffer = Buffer(capacity: Frame.maximumSize)
  private var count = 0

  /// Makes what `write` writes the reply. It returns the reply's size in bytes.
  mutating func put(_ write: (inout MutableSpan<UInt8>) -> Int) {
    var all = buffer.mutableSpan(0..<buffer.capacity)
    count = write(&all)
  }

  /// Room for a value of up to `room` bytes, for the kernel to write it where the reply will have it.
  @_lifetime(&self)
  mutating func valueSpace(_ room: Int) -> MutableSpan<UInt8> {
    buffer.mutableSpan(Reply.valueOffset..<Reply.valueOffset + room)
  }

  /// Sends the reply.
  borrowing func send(on socket: borrowing Descriptor) throws(Errno) {
    try socket.send(buffer.span(0..<count))
  }

  /// Sends the reply with a descriptor beside it.
  borrowing func send(with descriptor: borrowing Descriptor, on socket: borrowing Descriptor) throws(Errno) {
    try socket.send(buffer.span(0..<count), with: descriptor)
  }
}
