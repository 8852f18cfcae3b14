/// The result of a read from a socket.
package struct ReceivedMessage: ~Copyable {
  /// The number of bytes; 0 if the peer has closed.
  package let count: Int
  /// The descriptor that came with the bytes.
  package var descriptor: Descriptor?
  /// True if a descriptor was lost: several came, or the process has no room for more.
  package let isCut: Bool
}
