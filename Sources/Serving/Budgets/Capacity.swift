import Linux

/// The number of clients that a process can serve within its resource limits, and their share of these.
package struct Capacity: Equatable, Sendable {
  /// The largest number of clients at a time.
  package let clients: Int
  /// The value for `RLIMIT_NOFILE`.
  package let descriptors: UInt
  /// The value for `RLIMIT_AS`, in bytes.
  package let addressSpace: UInt

  /// The highest limits that the process may set.
  package struct Allowed: Sendable {
    package let descriptors: UInt
    package let addressSpace: UInt

    package init(descriptors: UInt, addressSpace: UInt) {
      self.descriptors = descriptors
      self.addressSpace = addressSpace
    }
  }

  package enum Resource: Sendable {
    case descriptors, addressSpace
  }

  /// A limit that is too low for the number of clients.
  package struct Shortage: Error, Equatable, Sendable {
    package let resource: Resource
    package let limit: UInt
    package let needed: UInt
    /// The number of clients that it is enough for; 0 if it is too low for any.
    package let clients: Int
  }

  /// Computes the limits for a number of clients, at least 1.
  package init(clients: Int, allowed: Allowed) throws(Shortage) {
    self.clients = max(1, clients)
    let count = UInt(self.clients)
    descriptors = min(
      allowed.descriptors,
      max(Self.mostDescriptors, Self.needed(Self.leastClientDescriptors, count: count, own: Self.ownDescriptors)))
    addressSpace = min(
      allowed.addressSpace,
      Self.needed(Self.connectionAddressSpace, count: count, own: Self.ownAddressSpace) + Self.wantedBuffers(count)
        + count * Self.lockAddressSpace)
    try Self.require(
      .descriptors, limit: allowed.descriptors, count: count, each: Self.leastClientDescriptors,
      own: Self.ownDescriptors,
      least: Self.leastDescriptors)
    try Self.require(
      .addressSpace, limit: allowed.addressSpace, count: count, each: Self.clientAddressSpace,
      own: Self.ownAddressSpace, least: 0)
  }

  /// The number of descriptors for the objects that clients hold.
  package var clientDescriptors: Int {
    Int(clamping: descriptors - Self.ownDescriptors - UInt(clients) * Self.connectionDescriptors)
  }

  /// The number of bytes for clients' buffers.
  package var buffers: Int {
    let rest = addressSpace - Self.needed(Self.connectionAddressSpace, count: UInt(clients), own: Self.ownAddressSpace)
    return Int(clamping: min(rest, Self.wantedBuffers(UInt(clients))))
  }

  /// The number of bytes from which tables, locks and the like are allocated.
  package var heap: Int { 256 << 20 + clients * Self.connectionHeap }

  /// The largest number of threads for slow requests.
  package static let slowThreads = 512

  private static func needed(_ each: UInt, count: UInt, own: UInt) -> UInt { own + each * count }

  private static func require(
    _ resource: Resource, limit: UInt, count: UInt, each: UInt, own: UInt, least: UInt
  ) throws(Shortage) {
    guard limit >= max(least, own + each) else {
      throw Shortage(resource: resource, limit: limit, needed: max(least, own + each), clients: 0)
    }
    guard limit < needed(each, count: count, own: own) else { return }
    throw Shortage(
      resource: resource, limit: limit, needed: needed(each, count: count, own: own),
      clients: Int(clamping: (limit - own) / each))
  }

  /// More files than clients' kernels keep in their caches.
  private static let mostDescriptors: UInt = 524_288
  /// The descriptors of the process itself.
  private static let ownDescriptors: UInt = 32
  /// The descriptors of a connection: its sockets, the export, and some during a request.
  private static let connectionDescriptors: UInt = 8
  /// These, and the objects that a client may hold in any case.
  private static let leastClientDescriptors = connectionDescriptors + 8
  /// The number below which not even a single client could work.
  private static let leastDescriptors: UInt = 128
  /// The program, its tables, and the threads for slow requests, each with a stack and part of a buffer. Most of this is
  /// never touched, and so takes no memory; nor do most of the following.
  private static let ownAddressSpace: UInt = 1 << 30
  private static let connectionHeap = 32 << 10
  /// A connection's stack, and the buffers that it has in any case: those of a session's start, one for values, and those
  /// for messages to another process.
  private static let connectionAddressSpace = UInt(Thread.stackSize + connectionHeap) + 704 << 10
  /// These, and the buffers that a client may have in any case, or share.
  private static let clientAddressSpace = connectionAddressSpace + 768 << 10
  /// The bytes of buffers for each client, and for all, if the limit allows it.
  private static let clientBuffers: UInt = 4 << 20
  private static let leastBuffers: UInt = 4 << 30
  private static func wantedBuffers(_ count: UInt) -> UInt { max(leastBuffers, count * clientBuffers) }
  /// The stack of the thread that answers held requests for locks. Without it, a client has to ask again.
  private static let lockAddressSpace = UInt(Thread.stackSize)
}
