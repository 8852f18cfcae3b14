package import Linux
package import ProxyProtocol
package import SystemPackage

/// A front end's connection to our own helper, for what is done to objects that it holds: ``ProxyProtocol/ObjectRequest``.
///
/// Several requests can be under way: they are sent together when the first reply is waited for. Where the helper has gone
/// everything fails with `EIO`.
package struct ObjectClient: ~Copyable {
  private let socket: Descriptor
  private var requests: Buffer
  /// Bytes of requests that aren't sent yet, and the descriptors of those.
  private var queued = 0
  private var passed = PassedDescriptors()
  /// Requests whose replies haven't been taken.
  private var underWay = 0
  private var replies: Buffer
  /// Replies that have come and haven't been taken, and how many that is.
  private var pending = 0..<0
  private var arrived = 0
  private var descriptors = ReceivedDescriptors()
  private var wait = RequestWait(.automatic)
  /// Whether the helper has gone, or doesn't speak this protocol.
  package private(set) var isBroken = false

  /// The most requests that can be under way.
  package static let most = 32

  /// What came of a request.
  package enum Outcome: ~Copyable {
    case done
    case status(ProxyProtocol.FileStatus)
    case descriptor(Descriptor)
    /// An extended attribute's value of so many bytes.
    case value(Int)
  }

  /// Speaks to the helper at the other end of a connected socket of packets.
  ///
  /// - Throws: `ENOMEM`.
  package init(adopting socket: consuming Descriptor) throws(Errno) {
    let requests = try Buffer(upTo: ObjectPacket.largest)
    replies = try Buffer(upTo: 2 * ObjectPacket.largest)
    self.requests = consume requests
    self.socket = socket
  }

  /// Has a request done; ``next()`` says what came of it, in the requests' order. The descriptor may be closed when
  /// ``names(_:)`` denies it.
  ///
  /// - Throws: `EIO` where the helper has gone.
  package mutating func begin(_ request: borrowing ObjectRequest, _ object: borrowing Descriptor) throws(Errno) {
    try reserve()
    try queue(request, ObjectPlaces(first: passed.place(of: object)))
  }

  /// As ``begin(_:_:)``, for those that are about two objects.
  package mutating func begin(
    _ request: borrowing ObjectRequest, _ object: borrowing Descriptor, _ second: borrowing Descriptor
  ) throws(Errno) {
    try reserve()
    let first = passed.place(of: object)
    try queue(request, ObjectPlaces(first: first, second: passed.place(of: second)))
  }

  /// Whether a request that isn't sent yet is about this descriptor.
  package func names(_ object: borrowing Descriptor) -> Bool { passed.contains(object) }

  /// Makes room for one request more.
  private mutating func reserve() throws(Errno) {
    guard !isBroken else { throw .ioError }
    if passed.count + 2 > PassedDescriptors.most || queued > ObjectPacket.largestValue / 2 { try send() }
  }

  private mutating func queue(_ request: borrowing ObjectRequest, _ places: ObjectPlaces) throws(Errno) {
    var rest = requests.mutableSpan(queued..<requests.capacity)
    do throws(Malformed) {
      queued += try request.encode(places, into: &rest)
      underWay += 1
    } catch {
      throw .fileNameTooLong
    }
  }

  /// Sends what is queued.
  package mutating func send() throws(Errno) {
    guard queued > 0 else { return }
    defer {
      queued = 0
      passed.removeAll()
    }
    do throws(Errno) {
      try socket.sendPacket(requests.span(0..<queued), with: passed)
    } catch {
      isBroken = true
      throw .ioError
    }
  }

  /// Waits for the reply to the first request under way, and takes it.
  ///
  /// - Throws: what the request failed with, or `EIO` where the helper has gone.
  package mutating func next() throws(Errno) -> Outcome {
    underWay -= 1
    try receive(atLeast: 1)
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
    _ request: borrowing ObjectRequest, _ object: borrowing Descriptor, into value: inout MutableSpan<UInt8>
  ) throws(Errno) -> Outcome {
    try begin(request, object)
    let before = underWay - 1
    defer { underWay = before }
    try receive(atLeast: underWay)
    var start = pending.lowerBound
    for _ in 0..<before { start += try size(at: start) }
    switch try take(start..<pending.upperBound, isLast: true) {
    case .value(let count):
      let bytes = replies.span(start + Frame.headerSize..<start + Frame.headerSize + min(count, value.count))
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
    let reply: ObjectReply
    do throws(Malformed) {
      reply = try ObjectReply(replies.span(range))
    } catch {
      isBroken = true
      throw .ioError
    }
    switch reply {
    case .done: return .done
    case .failed(let error): throw Errno(rawValue: error)
    case .status(let status): return .status(status)
    case .value(let value): return .value(value.count)
    case .descriptor:
      guard let descriptor = isLast ? descriptors.takeLast() : descriptors.takeFirst() else {
        isBroken = true
        throw .ioError
      }
      return .descriptor(descriptor)
    }
  }

  private func size(at start: Int) throws(Errno) -> Int {
    do throws(Malformed) {
      return try ObjectReply.size(atFrontOf: replies.span(start..<pending.upperBound))
    } catch {
      throw .ioError
    }
  }

  /// Waits until so many replies have come.
  private mutating func receive(atLeast count: Int) throws(Errno) {
    guard !isBroken else { throw .ioError }
    if arrived < count { try send() }
    while arrived < count {
      if pending.isEmpty { pending = 0..<0 }
      let start = pending.upperBound
      let read: Int
      do throws(Errno) {
        read = try Self.receive(from: socket, into: &replies, at: start, &descriptors, &wait)
      } catch {
        isBroken = true
        throw .ioError
      }
      pending = pending.lowerBound..<start + read
      var end = start
      while read > 0, end < pending.upperBound {
        end += try size(at: end)
        arrived += 1
      }
      guard read > 0, arrived <= underWay + 1 else {
        isBroken = true
        throw .ioError
      }
    }
  }

  private static func receive(
    from socket: borrowing Descriptor, into replies: inout Buffer, at start: Int,
    _ descriptors: inout ReceivedDescriptors, _ wait: inout RequestWait
  ) throws(Errno) -> Int {
    var space = replies.mutableSpan(start..<replies.capacity)
    return try wait.receive { waiting throws(Errno) in
      try socket.receivePacket(into: &space, &descriptors, waiting: waiting)
    }
  }
}
