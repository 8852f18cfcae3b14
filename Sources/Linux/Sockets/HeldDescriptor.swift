package import SystemPackage

/// A descriptor that a packet of a queue may hold. The packet is sent before the descriptor is closed.
package struct HeldDescriptor: ~Copyable {
  package private(set) var descriptor: Descriptor
  private let queue: PacketQueue?

  /// - Parameters:
  ///   - descriptor: the descriptor that this value owns.
  ///   - queue: the queue of messages about it; nil if there is none.
  package init(_ descriptor: consuming Descriptor, in queue: PacketQueue?) {
    self.descriptor = descriptor
    self.queue = queue
  }

  deinit { queue?.release(descriptor) }

  /// Closes the descriptor and reports an error of delayed writes. The system call is `close`.
  package consuming func close() throws(Errno) {
    queue?.release(descriptor)
    var closing = Descriptor(adopting: -1)
    swap(&closing, &descriptor)
    try closing.close()
  }

  borrowing func isHeld(for queue: PacketQueue) -> Bool { self.queue === queue }
}
