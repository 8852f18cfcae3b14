package import Linux
package import MonitorProtocol
import Serving
package import SystemPackage
import Wire

/// The worker's connection to its monitor, for what is done to objects that it holds: ``MonitorRequest``.
///
/// Several requests can be under way: they are sent together when the first reply is waited for. Where the helper has gone
/// everything fails with `EIO`.
package struct MonitorClient: ~Copyable {
  /// Requests that aren't sent yet, and which replies are to come. Whatever is closed that they are about must be held for
  /// it.
  package let queue: PacketQueue
  private var replies: Buffer
  /// Replies that have come and haven't been taken, and how many that is.
  private var pending = 0..<0
  private var arrived = 0
  private var descriptors = ReceivedDescriptors()
  /// The replies among them with which a descriptor goes. Marked are those whose descriptor there was no room for.
  private var opened = Marks()
  private var wait = RequestWait(.automatic)
  private var isOutOfStep = false

  /// Whether the helper has gone, or doesn't speak this protocol.
  package var isBroken: Bool { isOutOfStep || queue.isBroken }

  /// What came of a request.
  package enum Outcome: ~Copyable {
    case done
    case status(MonitorStatus)
    case descriptor(Descriptor)
    /// An extended attribute's value of so many bytes.
    case value(Int)
  }

  /// Speaks to the helper at the other end of a connected socket of packets.
  ///
  /// - Throws: `ENOMEM`.
  package init(adopting socket: consuming Descriptor) throws(Errno) {
    let queue = try PacketQueue(socket, capacity: MonitorPacket.largest)
    replies = try Buffer(upTo: 2 * MonitorPacket.largest)
    self.queue = queue
  }

  /// Has a request done; ``next()`` says what came of it, in the requests' order.
  ///
  /// - Throws: `EIO` where the helper has gone.
  package mutating func begin(_ request: borrowing MonitorRequest, _ object: borrowing HeldDescriptor) throws(Errno) {
    guard !isBroken else { throw .ioError }
    try queue.put(object, limit: Self.longestRequest) { room, first in
      Self.encode(request, ObjectPlaces(first: first), into: &room)
    }
  }

  /// As ``begin(_:_:)``, for those that are about two objects.
  package mutating func begin(
    _ request: borrowing MonitorRequest, _ object: borrowing HeldDescriptor, _ second: borrowing HeldDescriptor
  ) throws(Errno) {
    guard !isBroken else { throw .ioError }
    try queue.put(object, and: second, limit: Self.longestRequest) { room, first, second in
      Self.encode(request, ObjectPlaces(first: first, second: second), into: &room)
    }
  }

  /// Bytes of a request with the longest value, and some names.
  private static var longestRequest: Int { MonitorPacket.largest - MonitorPacket.largestValue / 2 }

  /// - Returns: its bytes; nil where there is too little room.
  private static func encode(
    _ request: borrowing MonitorRequest, _ places: ObjectPlaces, into room: inout MutableSpan<UInt8>
  ) -> Int? {
    do throws(Malformed) {
      return try request.encode(places, into: &room)
    } catch {
      return nil
    }
  }

  /// Waits for the reply to the first request under way, and takes it.
  ///
  /// - Throws: what the request failed with, or `EIO` where the helper has gone.
  package mutating func next() throws(Errno) -> Outcome {
    if arrived == 0 { queue.send() }
    try queue.takeFirst()
    try receive(atLeast: 1, of: queue.expected + 1)
    return try take(pending.lowerBound..<pending.lowerBound + size(at: pending.lowerBound), isLast: false)
  }

  /// Has a request done, and waits for it. Replies to those that are under way still come by ``next()``.
  ///
  /// - Parameters:
  ///   - request: what to do.
  ///   - object: to what.
  ///   - value: takes a value, if that is the reply; what is beyond its room is left out.
  /// - Returns: what came of it.
  /// - Throws: as ``next()``.
  package mutating func call(
    _ request: borrowing MonitorRequest, _ object: borrowing Descriptor, into value: inout MutableSpan<UInt8>
  ) throws(Errno) -> Outcome {
    guard !isBroken else { throw .ioError }
    try queue.send(object, limit: Self.longestRequest) { room, first in
      Self.encode(request, ObjectPlaces(first: first), into: &room)
    }
    try queue.takeLast()
    let before = queue.expected
    try receive(atLeast: before + 1, of: before + 1)
    var start = pending.lowerBound
    for _ in 0..<before { start += try size(at: start) }
    switch try take(start..<pending.upperBound, isLast: true) {
    case .value(let count):
      let bytes = replies.span(start + MonitorHeader.size..<start + MonitorHeader.size + min(count, value.count))
      for index in bytes.indices { value[index] = bytes[index] }
      return .value(bytes.count)
    case .descriptor(let descriptor): return .descriptor(descriptor)
    case .status(let status): return .status(status)
    case .done: return .done
    }
  }

  /// Takes a reply out of those that have come.
  private mutating func take(_ range: Range<Int>, isLast: Bool) throws(Errno) -> Outcome {
    pending = isLast ? pending.lowerBound..<range.lowerBound : range.upperBound..<pending.upperBound
    arrived -= 1
    let reply: MonitorReply
    do throws(Malformed) {
      reply = try MonitorReply(replies.span(range))
    } catch {
      isOutOfStep = true
      throw .ioError
    }
    switch reply {
    case .done: return .done
    case .failed(let error): throw Errno(rawValue: error)
    case .status(let status): return .status(status)
    case .value(let value): return .value(value.count)
    case .descriptor:
      if isLast ? opened.takeLast() : opened.takeFirst() { throw .tooManyOpenFiles }
      guard let descriptor = isLast ? descriptors.takeLast() : descriptors.takeFirst() else {
        isOutOfStep = true
        throw .ioError
      }
      return .descriptor(descriptor)
    }
  }

  private func size(at start: Int) throws(Errno) -> Int {
    do throws(Malformed) {
      return try MonitorReply.size(atFrontOf: replies.span(start..<pending.upperBound))
    } catch {
      throw .ioError
    }
  }

  /// Waits until so many replies have come, of so many that are to come.
  private mutating func receive(atLeast count: Int, of all: Int) throws(Errno) {
    guard !isBroken else { throw .ioError }
    while arrived < count {
      do throws(Errno) {
        try receivePacket()
        guard arrived <= all else { throw .ioError }
      } catch {
        isOutOfStep = true
        throw .ioError
      }
    }
  }

  private mutating func receivePacket() throws(Errno) {
    if pending.isEmpty { pending = 0..<0 }
    let start = pending.upperBound
    let read = try Self.receive(from: queue.socket, into: &replies, at: start, &descriptors, &wait)
    guard read > 0 else { throw .ioError }
    pending = pending.lowerBound..<start + read
    var end = start
    var passed = 0
    while end < pending.upperBound {
      let size = try size(at: end)
      if isDescriptor(end..<end + size) {
        guard opened.count < Marks.most else { throw .ioError }
        // Those that there is no room for are the last ones of a packet.
        opened.append(passed >= descriptors.arrived)
        passed += 1
      }
      end += size
      arrived += 1
    }
    guard passed == descriptors.arrived || passed > descriptors.arrived && descriptors.isCut else { throw .ioError }
  }

  private func isDescriptor(_ range: Range<Int>) -> Bool {
    do throws(Malformed) {
      if case .descriptor = try MonitorReply(replies.span(range)) { return true }
    } catch {}
    return false
  }

  private static func receive(
    from socket: borrowing Descriptor, into replies: inout Buffer, at start: Int,
    _ descriptors: inout ReceivedDescriptors, _ wait: inout RequestWait
  ) throws(Errno) -> Int {
    var space = replies.mutableSpan(start..<replies.capacity)
    return try wait.receive { waiting throws(Errno) in
      try socket.receivePacket(into: &space, descriptors: &descriptors, waiting: waiting)
    }
  }
}
