internal import CLinux
internal import Export
internal import Glibc
internal import Linux
internal import NinePProtocol
internal import NinePServer
internal import Serving
internal import SystemPackage

/// Any requests of a client of 9P, served by the whole server in a directory of its own.
///
/// An input is records: the place of a request's type among all, the bytes of its body, that many bytes. The frames
/// around them are whole, so that what is made up is what requests say and in which order; a version and an attach of
/// fid 0 come first. Lies about frames are the tests' affair.
package enum NinePServeTarget {
  private static let locks = LockTable()
  private static let server = ConfinedServer { (socket: consuming Descriptor, links) throws(Errno) in
    let root = try Descriptor.workingDirectory()
    let links = try links.enter()
    let terms = NinePServer.Terms(
      authority: .trusted, trees: .one([]), descriptors: DescriptorBudget(50, clients: 1),
      memory: MemoryBudget(16 << 20, clients: 1),
      threads: ThreadBudget(4), locks: locks)
    _ = NinePServer.serve(
      try Export(try ExportTree(root, boundary: .checked), links: links, readOnly: false), on: socket, terms: terms)
  }

  package static func run(_ input: Span<UInt8>) {
    run(input, on: server)
  }

  static func run(_ input: Span<UInt8>, on server: ConfinedServer) {
    var ends: [CInt] = [-1, -1]
    _ = checked(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends), "socketpair")
    let client = Descriptor(adopting: ends[0])
    var stream = Stream()
    stream.begin()
    var rest = input
    while rest.count >= 2, stream.bytes.count < 100_000 {
      let type = RequestType.allCases[Int(rest[0]) % RequestType.allCases.count]
      let count = min(Int(rest[1]), rest.count - 2)
      stream.add(type, rest.extracting(2..<2 + count))
      rest = rest.extracting(droppingFirst: 2 + count)
    }
    let sent = stream.bytes.withUnsafeBufferPointer { bytes in
      checked(send(ends[0], bytes.baseAddress, bytes.count, CInt(MSG_DONTWAIT)), "send")
    }
    if sent != stream.bytes.count { violated("the input wasn't sent") }
    shutdown(ends[0], CInt(SHUT_WR))
    server.serve(ends[1])
    check(client, stream)
  }

  /// Each request has one reply in its form, unless it could be cancelled or waits for a lock, and nothing follows the
  /// last.
  private static func check(_ client: borrowing Descriptor, _ stream: borrowing Stream) {
    var buffer = Buffer(capacity: 1 << 21)
    var pending = 0..<0
    var isAnswered = [Bool](repeating: false, count: stream.types.count)
    while true {
      var size: Int? = nil
      while size == nil {
        size = Self.size(buffer.span(pending))
        if size == nil, !receive(client, &buffer, &pending) { break }
      }
      guard let size else { break }
      let end = pending.lowerBound + size
      let tag = tag(buffer.span(pending.lowerBound..<end))
      guard tag < isAnswered.count, !isAnswered[tag] else { violated("a reply with tag \(tag) to nothing") }
      isAnswered[tag] = true
      check(buffer.span(pending.lowerBound..<end), stream.types[tag])
      pending = end..<pending.upperBound
      // Before the end of the room is reached.
      if pending.lowerBound > 1 << 20 {
        buffer.moveToFront(pending)
        pending = 0..<pending.count
      }
    }
    if !pending.isEmpty { violated("bytes follow the last reply") }
    for (tag, isAnswered) in isAnswered.enumerated() where !isAnswered {
      if !stream.mayCancel(tag) { violated("\(stream.types[tag]): no reply") }
    }
  }

  /// Bytes of the frame that is there, nil where it isn't yet.
  private static func size(_ bytes: Span<UInt8>) -> Int? {
    guard let header = try? FrameHeader(bytes) else { return nil }
    guard let size = header.frameSize(limit: UInt32(NinePServer.largestMessage)) else {
      violated("a frame of \(header.size) bytes")
    }
    return size <= bytes.count ? size : nil
  }

  private static func tag(_ frame: Span<UInt8>) -> Int {
    guard let header = try? FrameHeader(frame) else { violated("no header") }
    return Int(header.tag.rawValue)
  }

  private static func check(_ frame: Span<UInt8>, _ type: RequestType) {
    guard let header = try? FrameHeader(frame) else { violated("\(type): no header") }
    if header.type != type.reply && header.type != RequestType.errorReply { violated("\(type): type \(header.type)") }
    guard let reply = try? Reply(header.type, body: frame.extracting(droppingFirst: Frame.headerSize)) else {
      violated("\(type): a reply that isn't one")
    }
    if case .error(let number) = reply, !(1...4095).contains(number.rawValue) { violated("\(type): \(number)") }
  }

  /// - Returns: false where the server has ended the connection.
  private static func receive(
    _ client: borrowing Descriptor, _ buffer: inout Buffer, _ pending: inout Range<Int>
  ) -> Bool {
    do throws(Errno) {
      var space = buffer.mutableSpan(pending.upperBound..<buffer.capacity)
      let count = try client.receive(into: &space)
      pending = pending.lowerBound..<pending.upperBound + count
      return count > 0
    } catch .interrupted {
      // libFuzzer's clock.
      return true
    } catch {
      violated("no reply: \(error)")
    }
  }
}

/// Frames, one behind the other, each with the next tag.
private struct Stream {
  private(set) var bytes: [UInt8] = []
  private(set) var types: [RequestType] = []
  /// Requests that a later one names to be flushed.
  private var flushed: Set<Int> = []
  /// Requests for locks that wait, if need be until the end of the connection.
  private var waiting: Set<Int> = []
  /// The last one that starts over.
  private var lastVersion = 0

  mutating func begin() {
    let version: [UInt8] = [0, 0, 1, 0, 8, 0] + Array("9P2000.L".utf8)
    let attach: [UInt8] = [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]
    add(.version, version.span)
    add(.attach, attach.span)
  }

  mutating func add(_ type: RequestType, _ body: Span<UInt8>) {
    let (size, tag) = (Frame.headerSize + body.count, types.count)
    bytes += [UInt8(truncatingIfNeeded: size), UInt8(truncatingIfNeeded: size >> 8), 0, 0, type.rawValue]
    bytes += [UInt8(truncatingIfNeeded: tag), UInt8(truncatingIfNeeded: tag >> 8)]
    for index in body.indices { bytes.append(body[index]) }
    if type == .version { lastVersion = tag }
    if type == .flush, body.count >= 2 { flushed.insert(Int(body[0]) | Int(body[1]) << 8) }
    if type == .lock, body.count >= 9, body[5] & 1 != 0 { waiting.insert(tag) }
    types.append(type)
  }

  /// Whether a request may be left without a reply.
  func mayCancel(_ tag: Int) -> Bool {
    tag < lastVersion || flushed.contains(tag) || waiting.contains(tag)
  }
}
