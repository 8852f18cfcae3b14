package import SystemPackage

/// A packet that messages are put into, with the descriptors that go with them, and that one call sends.
///
/// It holds their numbers only. The descriptors are of ``HeldDescriptor``s, which have it sent before they are closed.
package final class PacketQueue {
  /// Where answers come.
  package let socket: Descriptor
  private var bytes: Buffer
  private var count = 0
  private var passed = PassedDescriptors()
  /// How many of the messages on their way aren't sent yet.
  private var unsent = 0
  /// Those whose answers aren't taken yet, in their order. Marked are those that the kernel wouldn't send.
  private var messages = Marks()
  private var refusal = Errno.noBufferSpace
  /// Whether there is nobody at the other end.
  package private(set) var isBroken = false

  /// Sends to the other end of a connected socket of packets.
  ///
  /// - Parameters:
  ///   - socket: ours.
  ///   - capacity: the most bytes of a packet.
  /// - Throws: `ENOMEM`.
  package init(_ socket: consuming Descriptor, capacity: Int) throws(Errno) {
    self.bytes = try Buffer(upTo: capacity)
    self.socket = socket
  }

  /// Puts a message about an object, or two, into the packet.
  ///
  /// - Parameters:
  ///   - object: the first.
  ///   - second: the other.
  ///   - limit: the most bytes of a message.
  ///   - encode: writes it at the front of the room, about objects in these places, and returns its bytes; nil where there
  ///     is too little room.
  /// - Throws: `ENAMETOOLONG` for one that is too long, `EAGAIN` where too many are on their way, `EIO` where nobody is there.
  package func put(
    _ object: borrowing HeldDescriptor, and second: borrowing HeldDescriptor, limit: Int,
    _ encode: (inout MutableSpan<UInt8>, _ first: Int, _ second: Int) -> Int?
  ) throws(Errno) {
    try reserve(limit)
    let places = (passed.place(of: object.descriptor), passed.place(of: second.descriptor))
    try put(encode, places.0, places.1)
    // Nothing would have it sent before these are closed.
    if !object.isHeld(for: self) || !second.isHeld(for: self) { send() }
  }

  package func put(
    _ object: borrowing HeldDescriptor, limit: Int, _ encode: (inout MutableSpan<UInt8>, _ first: Int) -> Int?
  ) throws(Errno) {
    try reserve(limit)
    try put({ room, first, _ in encode(&room, first) }, passed.place(of: object.descriptor), 0)
    if !object.isHeld(for: self) { send() }
  }

  /// Sends a message about an object, behind those that are in the packet.
  package func send(
    _ object: borrowing Descriptor, limit: Int, _ encode: (inout MutableSpan<UInt8>, _ first: Int) -> Int?
  ) throws(Errno) {
    try reserve(limit)
    try put({ room, first, _ in encode(&room, first) }, passed.place(of: object), 0)
    send()
  }

  /// Makes room for one message more.
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

  /// Sends what is in the packet. Where the kernel has no room for it, its messages have failed.
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

  /// Takes out of the packet what isn't sent, which nobody waits for.
  package func discard() {
    count = 0
    unsent = 0
    passed.removeAll()
  }

  /// How many answers there will be to what is sent.
  package var expected: Int { messages.unmarked - unsent }

  /// Takes the first message whose answer is wanted.
  ///
  /// - Throws: why it wasn't sent.
  package func takeFirst() throws(Errno) {
    if messages.takeFirst() { throw refusal }
  }

  /// Takes the last one.
  ///
  /// - Throws: why it wasn't sent.
  package func takeLast() throws(Errno) {
    if messages.takeLast() { throw refusal }
  }

  /// Sends what is in the packet where it has this descriptor, which is going to be closed.
  fileprivate func release(_ object: borrowing Descriptor) {
    if passed.contains(object) { send() }
  }
}

/// A descriptor that may be in a packet of a queue's. It isn't closed before that is sent.
package struct HeldDescriptor: ~Copyable {
  package private(set) var descriptor: Descriptor
  private let queue: PacketQueue?

  /// - Parameters:
  ///   - descriptor: what is held.
  ///   - queue: where messages about it are put; nil where they are put nowhere.
  package init(_ descriptor: consuming Descriptor, in queue: PacketQueue?) {
    self.descriptor = descriptor
    self.queue = queue
  }

  deinit { queue?.release(descriptor) }

  /// Closes it, and says what became of what was written. The system call is `close`.
  package consuming func close() throws(Errno) {
    queue?.release(descriptor)
    var closing = Descriptor(adopting: -1)
    swap(&closing, &descriptor)
    try closing.close()
  }

  fileprivate borrowing func isHeld(for queue: PacketQueue) -> Bool { self.queue === queue }
}

/// Things in their order, some of which are marked.
package struct Marks {
  private var bits: UInt64 = 0
  package private(set) var count = 0

  /// How many there may be.
  package static let most = UInt64.bitWidth

  package init() {}

  /// How many aren't marked.
  package var unmarked: Int { count - bits.nonzeroBitCount }

  /// One more, for which there is room.
  package mutating func append(_ isMarked: Bool) {
    if isMarked { bits |= 1 << UInt64(count) }
    count += 1
  }

  /// Marks so many, the last ones.
  mutating func markLast(_ number: Int) {
    for index in count - number..<count { bits |= 1 << UInt64(index) }
  }

  /// Takes the first one.
  ///
  /// - Returns: whether it was marked.
  package mutating func takeFirst() -> Bool {
    guard count > 0 else { return false }
    defer { bits >>= 1 }
    count -= 1
    return bits & 1 != 0
  }

  /// Takes the last one.
  package mutating func takeLast() -> Bool {
    guard count > 0 else { return false }
    count -= 1
    let bit: UInt64 = 1 << UInt64(count)
    defer { bits &= ~bit }
    return bits & bit != 0
  }
}

extension Errno {
  /// Whether the kernel had too little of something to send a packet, which it may have again.
  package var isShortage: Bool {
    self == .tooManyReferences || self == .noMemory || self == .noBufferSpace
  }
}
