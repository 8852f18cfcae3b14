package import SystemPackage

/// Collects messages, with their descriptors, in a packet that one call sends.
///
/// It has only the descriptors' numbers. Their owners are ``HeldDescriptor``s, which send the packet before they close one.
package final class PacketQueue {
  /// The socket, on which replies come.
  package let socket: Descriptor
  private var bytes: Buffer
  private var count = 0
  private var passed = PassedDescriptors()
  /// The number of messages in the packet.
  private var unsent = 0
  /// The messages whose replies aren't taken yet, in order. Those that the kernel refused to send are marked.
  private var messages = Marks()
  private var refusal = Errno.noBufferSpace
  /// True if the peer has closed.
  package private(set) var isBroken = false

  /// Makes a queue for a connected socket of packets.
  ///
  /// - Parameters:
  ///   - socket: this process's end.
  ///   - capacity: the most bytes of a packet.
  /// - Throws: `ENOMEM` if there is no memory.
  package init(_ socket: consuming Descriptor, capacity: Int) throws(Errno) {
    self.bytes = try Buffer(upTo: capacity)
    self.socket = socket
  }

  /// Adds a message about two objects to the packet.
  ///
  /// - Parameters:
  ///   - object: the first object.
  ///   - second: the other object.
  ///   - limit: the most bytes of a message.
  ///   - encode: writes the message, with the indices of the objects, and returns the number of bytes; nil if there is too
  ///     little room.
  /// - Throws: `ENAMETOOLONG` if the message is too long, `EAGAIN` if too many are on their way, `EIO` if the peer has closed.
  package func put(
    _ object: borrowing HeldDescriptor, and second: borrowing HeldDescriptor, limit: Int,
    _ encode: (inout MutableSpan<UInt8>, _ first: Int, _ second: Int) -> Int?
  ) throws(Errno) {
    try reserve(limit)
    let places = (passed.index(of: object.descriptor), passed.index(of: second.descriptor))
    try put(encode, places.0, places.1)
    // Otherwise the descriptors could be closed before the packet is sent.
    if !object.isHeld(for: self) || !second.isHeld(for: self) { send() }
  }

  /// Adds a message about an object to the packet.
  package func put(
    _ object: borrowing HeldDescriptor, limit: Int, _ encode: (inout MutableSpan<UInt8>, _ first: Int) -> Int?
  ) throws(Errno) {
    try reserve(limit)
    try put({ room, first, _ in encode(&room, first) }, passed.index(of: object.descriptor), 0)
    if !object.isHeld(for: self) { send() }
  }

  /// Adds a message about an object and sends the packet.
  package func send(
    _ object: borrowing Descriptor, limit: Int, _ encode: (inout MutableSpan<UInt8>, _ first: Int) -> Int?
  ) throws(Errno) {
    try reserve(limit)
    try put({ room, first, _ in encode(&room, first) }, passed.index(of: object), 0)
    send()
  }

  /// Makes room for a message.
  private func reserve(_ limit: Int) throws(Errno) {
    if passed.count + 2 > PassedDescriptors.most || count + limit > bytes.capacity { send() }
    guard !isBroken else { throw .ioError }
    guard messages.count < Marks.most else { throw .resourceTemporarilyUnavailable }
  }

  private func put(
    _ encode: (inout MutableSpan<UInt8>, Int, Int) -> Int?, _ first: Int, _ second: Int
  ) throws(Errno) {
    var room = bytes.mutableSpan(count..<bytes.capacity)
    guard let size = encode(&room, first, second) else { throw .fileNameTooLong }
    count += size
    unsent += 1
    messages.append(false)
  }

  /// Sends the packet. If the kernel has no room for it, its messages have failed.
  package func send() {
    guard count > 0 else { return }
    do throws(Errno) {
      if !isBroken { try socket.sendPacket(bytes.span(0..<count), with: passed) }
    } catch {
      if error.isShortage {
        refusal = error
        messages.markLast(unsent)
      } else {
        isBroken = true
      }
    }
    discard()
  }

  /// Empties the packet without sending it.
  package func discard() {
    count = 0
    unsent = 0
    passed.removeAll()
  }

  /// The number of replies to expect.
  package var expected: Int { messages.unmarked - unsent }

  /// Takes the first message, whose reply is wanted.
  ///
  /// - Throws: the error of sending it.
  package func takeFirst() throws(Errno) {
    if messages.takeFirst() { throw refusal }
  }

  /// Takes the last message.
  ///
  /// - Throws: the error of sending it.
  package func takeLast() throws(Errno) {
    if messages.takeLast() { throw refusal }
  }

  /// Sends the packet if it has this descriptor, which is about to be closed.
  func release(_ object: borrowing Descriptor) {
    if passed.contains(object) { send() }
  }
}

extension Errno {
  /// True if the kernel lacked a resource to send a packet, which it may have again later.
  package var isShortage: Bool {
    self == .tooManyReferences || self == .noMemory || self == .noBufferSpace
  }
}
