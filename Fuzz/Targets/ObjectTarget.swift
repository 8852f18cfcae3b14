internal import CLinux
internal import Glibc
internal import Linux
internal import MonitorProtocol
internal import MonitoredExport
internal import SystemPackage

/// Any request about objects, and whatever a helper may answer one with.
package enum ObjectTarget {
  /// The first byte is the type: its place among all. Where it is none of theirs the rest is what a helper says.
  package static func run(_ input: Span<UInt8>) {
    guard let first = input.indices.first, input.count <= MonitorPacket.largest else { return }
    let rest = input.extracting(droppingFirst: 1)
    let all = MonitorRequestType.allCases
    if Int(input[first]) < all.count {
      check(all[Int(input[first])], rest)
    } else {
      checkReplies(rest)
      HostileHelper.check(rest)
    }
  }

  /// What was understood is said again, and understood as the same.
  private static func check(_ type: MonitorRequestType, _ payload: Span<UInt8>) {
    var frame: [UInt8] = []
    guard encoded(type, payload, into: &frame) else { return }
    var again: [UInt8] = []
    guard encoded(type, frame.span.extracting(droppingFirst: MonitorHeader.size), into: &again) else {
      violated("\(type): what we encode isn't decoded")
    }
    if frame != again { violated("\(type): a field changes when it is encoded") }
    let count = frame.count - MonitorHeader.size
    if count != payload.count { violated("\(type): \(payload.count) bytes became \(count)") }
    switch type {
    // Of these some bits have no meaning.
    case .open, .remove, .change: break
    default:
      if !same(frame.span.extracting(droppingFirst: MonitorHeader.size), payload) { violated("\(type): misread") }
    }
  }

  /// Decodes a payload and makes `frame` what it is encoded as; false where it can't be decoded.
  private static func encoded(_ type: MonitorRequestType, _ payload: Span<UInt8>, into frame: inout [UInt8]) -> Bool {
    guard let places = try? ObjectPlaces(payload),
      let request = try? MonitorRequest(type, fields: payload.extracting(droppingFirst: ObjectPlaces.size))
    else { return false }
    if request.type != type { violated("\(type) became \(request.type)") }
    frame = [UInt8](repeating: 0xaa, count: MonitorHeader.size + payload.count)
    var buffer = frame.mutableSpan
    guard let count = try? request.encode(places, into: &buffer) else {
      violated("\(type): what was decoded can't be encoded in as many bytes")
    }
    frame.removeLast(frame.count - count)
    guard let header = try? MonitorHeader(frame.span), header.type == type.rawValue,
      Int(header.size) == count - MonitorHeader.size
    else { violated("\(type): the header is another's") }
    return true
  }

  /// Replies, one behind the other: what can be decoded is encoded as the same bytes.
  private static func checkReplies(_ bytes: Span<UInt8>) {
    var rest = bytes
    while let size = try? MonitorReply.size(atFrontOf: rest) {
      if !(MonitorHeader.size...rest.count).contains(size) { violated("a reply of \(size) bytes in \(rest.count)") }
      let one = rest.extracting(first: size)
      rest = rest.extracting(droppingFirst: size)
      guard let reply = try? MonitorReply(one) else { continue }
      var frame = [UInt8](repeating: 0xaa, count: size)
      var buffer = frame.mutableSpan
      guard let count = try? reply.encode(into: &buffer) else { violated("a reply can't be encoded in as many bytes") }
      if !same(frame.span.extracting(first: count), one) { violated("a reply changes when it is encoded") }
    }
  }
}

/// A worker's side of a connection, at whose other end any packets come from.
private enum HostileHelper {
  /// The input is packets: how many descriptors, how many bytes, and these. They are there before they are asked for.
  static func check(_ input: Span<UInt8>) {
    OpenFiles.checkLeftBy { answer(by: input) }
  }

  private static func answer(by input: Span<UInt8>) {
    guard var ends = try? PacketSocketPair(), let ours = ends.takeEnd(), let theirs = ends.takeEnd() else {
      violated("no socket")
    }
    // What there is no room for isn't sent: nobody reads yet.
    try? theirs.setStatusFlags(.nonBlocking)
    var rest = input
    while rest.count >= 2 {
      let count = min(Int(rest[1]), rest.count - 2)
      var passed = PassedDescriptors()
      for _ in 0..<min(Int(rest[0]), PassedDescriptors.most) { passed.append(theirs) }
      if count > 0 { try? theirs.sendPacket(rest.extracting(2..<2 + count), with: passed) }
      rest = rest.extracting(droppingFirst: 2 + count)
    }
    shutdown(theirs.rawValue, CInt(SHUT_WR))
    do throws(Errno) {
      let client = try MonitorClient(adopting: ours)
      ask(HeldDescriptor(theirs, in: client.queue), by: client)
    } catch {
      violated("no memory")
    }
  }

  /// Has requests done in all ways that there are, each of which may fail.
  private static func ask(_ object: borrowing HeldDescriptor, by client: consuming MonitorClient) {
    let name: [UInt8] = Array("file".utf8)
    var underWay = 0
    for round in 0..<4 {
      for _ in 0..<round {
        if (try? client.begin(.open(flags: 0, isRoot: false), about: object)) != nil { underWay += 1 }
      }
      var value = [UInt8](repeating: 0, count: 4 * round)
      do throws(Errno) {
        var space = value.mutableSpan
        let outcome = try client.call(.getAttribute(name: name.span, size: 12), about: object.descriptor, into: &space)
        if case .value(let count) = consume outcome, count > value.count { violated("a value of \(count) bytes") }
      } catch {}
      while underWay > round / 2 {
        if let outcome = try? client.next(), case .descriptor(let descriptor) = consume outcome {
          if (try? descriptor.status()) == nil { violated("a descriptor that there isn't") }
        }
        underWay -= 1
      }
    }
  }
}
