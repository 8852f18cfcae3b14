import Linux
import NinePProtocol
import SystemPackage

/// The sending half of a connection: a reply is put together here, then sent in one call.
struct Outbox: ~Copyable {
  private var buffer: Buffer
  private var count = 0

  /// Room for replies of up to so many bytes.
  ///
  /// - Throws: `ENOMEM`.
  init(largest: Int) throws(Errno) {
    buffer = try Buffer(upTo: max(largest, ReplyWriter.smallestBuffer))
  }

  /// Makes what `write` writes the reply. It returns the reply's size in bytes.
  mutating func put<Failure: Error>(
    _ write: (inout MutableSpan<UInt8>) throws(Failure) -> Int
  ) throws(Failure) {
    var all = buffer.mutableSpan(0..<buffer.capacity)
    count = try write(&all)
  }

  /// Room for a part of the reply, for the kernel to write it where the reply will have it.
  @_lifetime(&self)
  mutating func space(at offset: Int, _ count: Int) -> MutableSpan<UInt8> {
    buffer.mutableSpan(offset..<offset + count)
  }

  /// Sends the reply.
  borrowing func send(on socket: borrowing Descriptor) throws(Errno) {
    try socket.send(buffer.span(0..<count))
  }
}
