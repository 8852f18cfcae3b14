package import Linux
package import MonitorProtocol
import Serving
package import SystemPackage
import Wire

/// The worker's connection to its monitor, for requests about objects that the worker holds: ``MonitorRequest``.
///
/// Several requests can be under way: they are sent together when the first reply is waited for. If the monitor has ended,
/// every request fails with `EIO`.
package struct MonitorClient: ~Copyable {
  /// The requests that aren't sent yet, and the replies that are expected. Descriptors that requests are about must be held
  /// for the queue.
  package let queue: PacketQueue
  private var replies: Buffer
  /// The replies that have come and haven't been taken, by their bytes and their number.
  private var pending = 0..<0
  private var arrived = 0
  private var descriptors = ReceivedDescriptors()
  /// The replies among them that have a descriptor. Those are marked whose descriptor there was no room for.
  private var opened = Marks()
  private var wait = RequestWait(.automatic)
  private var isOutOfStep = false

  /// True if the monitor has ended, or broken the protocol.
  package var isBroken: Bool { isOutOfStep || queue.isBroken }

  /// The outcome of a request.
  package enum Outcome: ~Copyable {
    case done
    case status(MonitorStatus)
    case descriptor(Descriptor)
    /// An extended attribute's value, by its size in bytes.
    case value(Int)
  }

  /// Creates a client of the monitor at the other end of a connected socket of packets.
  ///
  /// - Throws: `ENOMEM`.
  package init(adopting socket: consuming Descriptor) throws(Errno) {
    let queue = try PacketQueue(socket, capacity: MonitorPacket.largest)
    replies = try Buffer(upTo: 2 * MonitorPacket.largest)
    self.queue = queue
  }

  /// Begins a request about an object. ``next()`` returns the outcomes in the requests' order.
  ///
  /// - Throws: `EIO` if the monitor has ended.
  package mutating func begin(_ request: borrowing MonitorRequest, about object: borrowing HeldDescriptor) throws(Errno)
  {
    guard !isBroken else { throw .ioError }
    try queue.put(object, limit: Self.longestRequest) { room, first in
      Self.encode(request, about: ObjectPlaces(first: first), into: &room)
    }
  }

  /// Begins a request about two objects, like ``begin(_:about:)``.
  package mutating func begin(
    _ request: borrowing MonitorRequest, about object: borrowing HeldDescriptor, and second: borrowing HeldDescriptor
  ) throws(Errno) {
    guard !isBroken else { throw .ioError }
    try queue.put(object, and: second, limit: Self.longestRequest) { room, first, second in
      Self.encode(request, about: ObjectPlaces(first: first, second: second), into: &room)
    }
  }

  /// The size in bytes of a request with the longest value, and some names.
  private static var longestRequest: Int { MonitorPacket.largest - MonitorPacket.largestValue / 2 }

  /// Encodes a request.
  ///
  /// - Returns: bytes written to `room`; nil if it is too small.
  private static func encode(
    _ request: borrowing MonitorRequest, about places: ObjectPlaces, into room: inout MutableSpan<UInt8>
  ) -> Int? {
    do throws(Malformed) {
      return try request.encode(places, into: &room)
    } catch {
      return nil
    }
  }

  /// Waits for the reply to the first request under way, and takes it.
  ///
  /// - Throws: the error that the request failed with, or `EIO` if the monitor has ended.
  package mutating func next() throws(Errno) -> Outcome {
    if arrived == 0 { queue.send() }
    try queue.takeFirst()
    try receive(atLeast: 1, of: queue.expected + 1)
    return try take(pending.lowerBound..<pending.lowerBound + size(at: pending.lowerBound), isLast: false)
  }

  /// Sends a request and waits for its outcome. Those that are under way are still left to ``next()``.
  ///
  /// - Parameters:
  ///   - request: the request.
  ///   - object: the object that it is about.
  ///   - value: takes the reply's value, if it has one, as far as there is room.
  /// - Returns: the outcome.
  /// - Throws: as ``next()``.
  package mutating func call(
    _ request: borrowing MonitorRequest, about object: borrowing Descriptor, into value: inout MutableSpan<UInt8>
  ) throws(Errno) -> Outcome {
    guard !isBroken else { throw .ioError }
    try queue.send(object, limit: Self.longestRequest) { room, first in
      Self.encode(request, about: ObjectPlaces(first: first), into: &room)
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

  /// Takes a reply that has come.
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

  /// Waits until `count` replies have come, of the `all` that are expected.
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
        // The kernel drops the last descriptors of a packet.
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
