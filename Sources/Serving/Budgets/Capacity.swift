import Linux

/// How many clients a process can serve with the limits that it has, and what they take of these.
package struct Capacity: Equatable, Sendable {
  /// The most clients at a time.
  package let clients: Int
  /// What `RLIMIT_NOFILE` is to be.
  package let descriptors: UInt
  /// What `RLIMIT_AS` is to be, in bytes.
  package let addressSpace: UInt

  /// What the process may have, at most.
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

  /// A limit that is too low for so many clients.
  package struct Shortage: Error, Equatable, Sendable {
    package let resource: Resource
    package let limit: UInt
    package let needed: UInt
    /// For how many clients it is enough; 0 where it is too low for any.
    package let clients: Int
  }

  /// For so many clients, at least 1.
  package init(clients: Int, allowed: Allowed) throws(Shortage) {
    self.clients = max(1, clients)
    let count = UInt(self.clients)
    descriptors = min(
      allowed.descriptors,
      max(Self.mostDescriptors, Self.needed(Self.leastClientDescriptors, count, Self.ownDescriptors)))
    addressSpace = min(
      allowed.addressSpace,
      Self.needed(Self.connectionAddressSpace, count, Self.ownAddressSpace) + Self.wantedBuffers(count)
        + count * Self.lockAddressSpace)
    try Self.require(
      .descriptors, allowed.descriptors, count, each: Self.leastClientDescriptors, own: Self.ownDescriptors,
      least: Self.leastDescriptors)
    try Self.require(
      .addressSpace, allowed.addressSpace, count, each: Self.clientAddressSpace, own: Self.ownAddressSpace, least: 0)
  }

  /// Descriptors for clients' fids.
  package var clientDescriptors: Int {
    Int(clamping: descriptors - Self.ownDescriptors - UInt(clients) * Self.connectionDescriptors)
  }

  /// Bytes for clients' buffers.
  package var buffers: Int {
    let rest = addressSpace - Self.needed(Self.connectionAddressSpace, UInt(clients), Self.ownAddressSpace)
    return Int(clamping: min(rest, Self.wantedBuffers(UInt(clients))))
  }

  /// Bytes that fids, locks and the like are allocated from.
  package var heap: Int { 256 << 20 + clients * Self.connectionHeap }

  /// The most threads that do slow requests.
  package static let slowThreads = 512

  private static func needed(_ each: UInt, _ count: UInt, _ own: UInt) -> UInt { own + each * count }

  private static func require(
    _ resource: Resource, _ limit: UInt, _ count: UInt, each: UInt, own: UInt, least: UInt
  ) throws(Shortage) {
    guard limit >= max(least, own + each) else {
      throw Shortage(resource: resource, limit: limit, needed: max(least, own + each), clients: 0)
    }
    guard limit < needed(each, count, own) else { return }
    throw Shortage(
      resource: resource, limit: limit, needed: needed(each, count, own), clients: Int(clamping: (limit - own) / each))
  }

  /// More files than clients look at before their kernels forget some.
  private static let mostDescriptors: UInt = 524_288
  /// Those of the process itself.
  private static let ownDescriptors: UInt = 32
  /// Those of a connection: its sockets, the export, and some that a request takes on its way.
  private static let connectionDescriptors: UInt = 8
  /// And as many fids as it has in any case.
  private static let leastClientDescriptors = connectionDescriptors + 8
  /// With fewer even a single client couldn't work.
  private static let leastDescriptors: UInt = 128
  /// The program, what it allocates for all, and threads for slow requests, each with its stack and some of a buffer. Most
  /// of it is never used, nor of the following.
  private static let ownAddressSpace: UInt = 1 << 30
  private static let connectionHeap = 32 << 10
  /// A connection's stack, and the buffers that it has in any case: its own before a version is agreed upon, one for values,
  /// and those of what goes to another process.
  private static let connectionAddressSpace = UInt(Thread.stackSize + connectionHeap) + 704 << 10
  /// And as many bytes of buffers as it has in any case, and to share.
  private static let clientAddressSpace = connectionAddressSpace + 768 << 10
  /// Bytes of buffers for each client, and for all, where the limit allows it.
  private static let clientBuffers: UInt = 4 << 20
  private static let leastBuffers: UInt = 4 << 30
  private static func wantedBuffers(_ count: UInt) -> UInt { max(leastBuffers, count * clientBuffers) }
  /// The stack of the thread that a client has for locks that it waits for. Without it, the client asks again.
  private static let lockAddressSpace = UInt(Thread.stackSize)
}
