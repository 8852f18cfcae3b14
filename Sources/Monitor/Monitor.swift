package import Export
package import Linux
import MonitorProtocol
package import Serving
import SystemPackage
import Wire

/// Serves an export to the one client at the other end of a socket of packets, object by object.
///
/// The client is the worker, which speaks with others, so it isn't trusted either: its packets may hold anything, and its
/// descriptors may be of other files than the export's.
package enum Monitor {
  /// Answers packets in order, until no further one can come.
  ///
  /// - Returns: the reason why none can come.
  package static func serve(_ export: consuming Export, on socket: borrowing Descriptor) -> Ending {
    do throws(Errno) {
      var inbox = try MonitorInbox()
      var outbox = try MonitorOutbox()
      var responder = try MonitorResponder(export)
      var wait = RequestWait(.automatic)
      while try inbox.receive(from: socket, waiting: &wait) {
        while let header = inbox.next() {
          guard let type = MonitorRequestType(rawValue: header.type),
            try responder.respond(
              to: type, payload: inbox.payload(of: header), about: inbox.objects, isCut: inbox.isCut, into: &outbox)
          else {
            return .nonsense(type: header.type, size: header.size)
          }
          inbox.discard(header)
          if outbox.isFull { try outbox.send(on: socket) }
        }
        guard inbox.isUsedUp else { return .nonsense(type: 0, size: 0) }
        // Kept any longer, they would keep a removed file's space.
        responder.forgetObjects()
        inbox.closeObjects()
        try outbox.send(on: socket)
      }
      return .closed
    } catch {
      return error == .brokenPipe || error == .connectionReset ? .closed : .failed(error)
    }
  }
}

/// The current packet.
private struct MonitorInbox: ~Copyable {
  private var buffer: Buffer
  private var pending = 0..<0
  /// The descriptors that came with the packet.
  private(set) var objects = OwnedArray<Descriptor>()
  /// True if the kernel dropped descriptors of the packet, since this process may have no more.
  private(set) var isCut = false

  /// - Throws: `ENOMEM`.
  init() throws(Errno) {
    buffer = try Buffer(upTo: MonitorPacket.largest)
  }

  /// Waits for a packet.
  ///
  /// - Returns: false if the peer has closed the socket.
  mutating func receive(from socket: borrowing Descriptor, waiting wait: inout RequestWait) throws(Errno) -> Bool {
    var received = ReceivedDescriptors()
    let count = try Self.receive(from: socket, into: &buffer, &received, &wait)
    isCut = received.isCut
    while let object = received.takeFirst() { objects.append(object) }
    pending = 0..<count
    return count > 0
  }

  private static func receive(
    from socket: borrowing Descriptor, into buffer: inout Buffer, _ descriptors: inout ReceivedDescriptors,
    _ wait: inout RequestWait
  ) throws(Errno) -> Int {
    var space = buffer.mutableSpan(0..<buffer.capacity)
    return try wait.receive { waiting throws(Errno) in
      try socket.receivePacket(into: &space, descriptors: &descriptors, waiting: waiting)
    }
  }

  /// The header of the next request; nil if there is no whole one.
  borrowing func next() -> MonitorHeader? {
    do throws(Malformed) {
      let header = try MonitorHeader(buffer.span(pending))
      return Int(header.size) <= pending.count - MonitorHeader.size ? header : nil
    } catch {
      return nil
    }
  }

  @_lifetime(borrow self)
  borrowing func payload(of header: MonitorHeader) -> Span<UInt8> {
    let start = pending.lowerBound + MonitorHeader.size
    return buffer.span(start..<start + Int(header.size))
  }

  mutating func closeObjects() { objects.removeAll() }

  mutating func discard(_ header: MonitorHeader) {
    pending = pending.lowerBound + MonitorHeader.size + Int(header.size)..<pending.upperBound
  }

  /// True if no byte of the packet is left.
  var isUsedUp: Bool { pending.isEmpty }
}

/// The replies and their descriptors that aren't sent yet.
struct MonitorOutbox: ~Copyable {
  private var buffer: Buffer
  private var count = 0
  private var descriptors = OwnedArray<Descriptor>()

  /// - Throws: `ENOMEM`.
  init() throws(Errno) {
    buffer = try Buffer(upTo: MonitorPacket.largest)
  }

  /// Appends a reply. There is room for it unless the outbox is full.
  mutating func put(_ reply: borrowing MonitorReply) throws(Errno) {
    var rest = buffer.mutableSpan(count..<buffer.capacity)
    do throws(Malformed) {
      count += try reply.encode(into: &rest)
    } catch {
      throw .noBufferSpace
    }
  }

  /// Appends a reply with a descriptor.
  mutating func put(_ descriptor: consuming Descriptor) throws(Errno) {
    try put(.descriptor)
    descriptors.append(descriptor)
  }

  /// Appends a reply with a value of at most `size` bytes, which `write` writes in place.
  mutating func putValue(
    _ size: UInt32, _ write: (inout MutableSpan<UInt8>) throws(Errno) -> Int
  ) throws(Errno) {
    let room = min(Int(size), MonitorPacket.largestValue)
    let start = count + MonitorHeader.size
    var space = buffer.mutableSpan(start..<start + room)
    let written = try write(&space)
    var rest = buffer.mutableSpan(count..<buffer.capacity)
    do throws(Malformed) {
      count += try MonitorReply.putValue(count: min(written, room), into: &rest)
    } catch {
      throw .noBufferSpace
    }
  }

  /// True if the replies must be sent before another is appended.
  var isFull: Bool { count > 8192 || descriptors.count == PassedDescriptors.most }

  /// Sends the replies. If the kernel has no room for the descriptors, the requests for these fail.
  mutating func send(on socket: borrowing Descriptor) throws(Errno) {
    guard count > 0 else { return }
    var passed = PassedDescriptors()
    for index in 0..<descriptors.count { passed.append(descriptors[index]) }
    do throws(Errno) {
      try socket.sendPacket(buffer.span(0..<count), with: passed)
    } catch {
      guard error.isShortage, descriptors.count > 0 else { throw error }
      buffer = try refusal(error)
      try socket.sendPacket(buffer.span(0..<count), with: PassedDescriptors())
    }
    count = 0
    descriptors.removeAll()
  }

  /// Encodes the same replies, with a failure for each that has a descriptor.
  private mutating func refusal(_ error: Errno) throws(Errno) -> Buffer {
    var refused = try Buffer(upTo: buffer.capacity)
    var (start, end) = (0, 0)
    do throws(Malformed) {
      while start < count {
        let size = try MonitorReply.size(atFrontOf: buffer.span(start..<count))
        var reply = try MonitorReply(buffer.span(start..<start + size))
        if case .descriptor = reply { reply = .failed(error.rawValue) }
        var rest = refused.mutableSpan(end..<refused.capacity)
        end += try reply.encode(into: &rest)
        start += size
      }
    } catch {
      throw .noBufferSpace
    }
    count = end
    return refused
  }
}
