internal import ProxyProtocol
internal import Wire

/// Any payload, read as any type of request.
package enum RequestTarget {
  /// The first byte is the type: its number on the wire, or where it isn't one any of them. The rest is the payload.
  package static func run(_ input: Span<UInt8>) {
    guard let first = input.indices.first, input.count - 1 <= Frame.maximumPayload else { return }
    let number = UInt32(input[first])
    let all = RequestType.allCases
    let type = RequestType(rawValue: number) ?? all[Int(number) % all.count]
    let payload = input.extracting(droppingFirst: 1)
    var frame: [UInt8] = []
    guard encoded(type, payload, into: &frame) else { return }

    // What was understood is said again, and understood as the same.
    var again: [UInt8] = []
    let repeated = frame.span.extracting(droppingFirst: Frame.headerSize)
    guard encoded(type, repeated, into: &again) else { violated("\(type): what we encode isn't decoded") }
    if frame != again { violated("\(type): a field changes when it is encoded") }
    // It may be shorter: a NUL at a path's end is dropped, as are bytes of a value beyond its size.
    if repeated.count > payload.count { violated("\(type): bytes were read that weren't there") }
    if repeated.count == payload.count && !same(repeated, payload) { violated("\(type): misread") }
  }

  /// Decodes a payload and makes `frame` what it is encoded as; false where it can't be decoded.
  private static func encoded(_ type: RequestType, _ payload: Span<UInt8>, into frame: inout [UInt8]) -> Bool {
    let request: Request
    do throws(Malformed) {
      request = try Request(type, payload: payload)
    } catch {
      return false
    }
    if request.type != type { violated("\(type) became \(request.type)") }
    do throws(Malformed) {
      try request.encode(into: &frame)
      let header = try FrameHeader(frame.span)
      if header.type != type.rawValue || Int(header.size) != frame.count - Frame.headerSize {
        violated("\(type): the header says \(header)")
      }
    } catch {
      violated("\(type): what was decoded can't be encoded, \(error)")
    }
    return true
  }
}

/// Whether both hold the same bytes.
func same(_ one: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
  guard one.count == other.count else { return false }
  for index in one.indices where one[index] != other[index] { return false }
  return true
}
