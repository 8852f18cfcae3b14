import Glibc
import Linux
import SystemPackage
import Testing

@Suite("Packets that are put together")
struct PacketQueueTests {
  private static func put(_ queue: PacketQueue, _ byte: UInt8, _ object: borrowing HeldDescriptor) throws(Errno) {
    try queue.put(object, limit: 8) { room, first in
      room[0] = byte
      room[1] = UInt8(first)
      return 2
    }
  }

  private static func descriptor() throws(Errno) -> Descriptor {
    Descriptor(adopting: open("/", O_RDONLY | O_CLOEXEC))
  }

  /// The bytes of a packet; nil where none has come.
  private static func receive(_ socket: borrowing Descriptor, _ received: inout ReceivedDescriptors) -> Int? {
    var bytes = [UInt8](repeating: 0, count: 64)
    var span = bytes.mutableSpan
    return try? socket.receivePacket(into: &span, descriptors: &received, waiting: false)
  }

  @Test("are sent before a descriptor is closed that goes with them")
  func closing() throws {
    var ends = try PacketSocketPair()
    guard let ours = ends.takeEnd(), let theirs = ends.takeEnd() else { throw Errno.badFileDescriptor }
    let queue = try PacketQueue(ours, capacity: 64)
    let kept = HeldDescriptor(try Self.descriptor(), in: queue)
    var object = HeldDescriptor(Descriptor(adopting: open("/proc/self/stat", O_RDONLY | O_CLOEXEC)), in: queue)
    let inode = try object.descriptor.status().inode
    try Self.put(queue, 1, kept)
    try Self.put(queue, 2, object)
    var received = ReceivedDescriptors()
    #expect(Self.receive(theirs, &received) == nil)
    // Replaced, its number is another's.
    object = HeldDescriptor(try Self.descriptor(), in: queue)
    #expect(Self.receive(theirs, &received) == 4)
    #expect(received.arrived == 2 && !received.isCut)
    _ = received.takeFirst()
    let second = try received.takeFirst()?.status().inode
    #expect(second == inode)
    #expect(queue.expected == 2)
    // A descriptor that isn't held for the queue is sent at once.
    try Self.put(queue, 3, HeldDescriptor(try Self.descriptor(), in: nil))
    #expect(Self.receive(theirs, &received) == 2)
    _ = consume object
    _ = consume kept
  }

  @Test("that the kernel won't send have failed, and no others")
  func refused() async {
    await #expect(processExitsWith: .success) {
      var ends = try PacketSocketPair()
      guard let ours = ends.takeEnd(), let theirs = ends.takeEnd() else { throw Errno.badFileDescriptor }
      let queue = try PacketQueue(ours, capacity: 64)
      let object = HeldDescriptor(try Self.descriptor(), in: queue)
      try Self.put(queue, 1, object)
      queue.send()
      // More descriptors are on their way then than the user may have of.
      var passed = PassedDescriptors()
      for _ in 0..<PassedDescriptors.most { passed.append(theirs) }
      let byte: [UInt8] = [0]
      try theirs.sendPacket(byte.span, with: passed)
      if geteuid() == 0 { try Linux.Thread.become(ThreadUser(try Identity(uid: 65_533, gid: 65_533))) }
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      let old = limit.rlim_cur
      limit.rlim_cur = 20
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
      try Self.put(queue, 2, object)
      try Self.put(queue, 3, object)
      queue.send()
      limit.rlim_cur = old
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
      try Self.put(queue, 4, object)
      queue.send()
      #expect(!queue.isBroken)
      #expect(queue.expected == 2)
      try queue.takeFirst()
      #expect(throws: Errno.tooManyReferences) { try queue.takeFirst() }
      #expect(throws: Errno.tooManyReferences) { try queue.takeFirst() }
      try queue.takeFirst()
    }
  }
}
