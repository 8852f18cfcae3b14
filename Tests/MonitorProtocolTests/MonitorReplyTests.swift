import HelperHarness
import MonitorProtocol
import Testing
import Wire

@Suite struct MonitorReplyTests {
  /// Replies of each kind: their bytes, and what they must be read as.
  struct Sample: CustomTestStringConvertible, Sendable {
    let bytes: [UInt8]
    let reading: String

    init(_ payload: Payload, _ reading: String) {
      bytes = payload.bytes
      self.reading = reading
    }

    var testDescription: String { reading }

    static let all: [Sample] = [
      Sample(Payload().d(0).d(0), "done"),
      Sample(Payload().d(1).d(4).d(2), "failed 2"),
      Sample(
        Payload().d(2).d(44).q(1).q(0x2_0000_0002).d(3).q(4).q(-5).q(6), "status 1 8589934594 3 4 -5.6"),
      Sample(Payload().d(3).d(0), "descriptor"),
      Sample(Payload().d(4).d(2).w(0x0201), "value [1, 2]"),
      Sample(Payload().d(4).d(0), "value []"),
    ]
  }

  @Test(arguments: Sample.all)
  func decodes(_ sample: Sample) throws {
    #expect(reading(try MonitorReply(sample.bytes.span)) == sample.reading)
    #expect(try MonitorReply.size(atFrontOf: sample.bytes.span) == sample.bytes.count)
  }

  @Test(arguments: Sample.all)
  func encodesTheBytesThatItIsDecodedFrom(_ sample: Sample) throws {
    let reply = try MonitorReply(sample.bytes.span)
    var buffer = [UInt8](repeating: 0xaa, count: 200)
    var span = buffer.mutableSpan
    let count = try reply.encode(into: &span)
    #expect(Array(buffer.prefix(count)) == sample.bytes)
  }

  @Test(arguments: Sample.all)
  func isNotEncodedWhereThereIsNoRoom(_ sample: Sample) throws {
    let reply = try MonitorReply(sample.bytes.span)
    for room in 0..<sample.bytes.count {
      var buffer = [UInt8](repeating: 0, count: room)
      #expect(throws: Malformed.length, "\(room) bytes") {
        var span = buffer.mutableSpan
        _ = try reply.encode(into: &span)
      }
    }
  }

  @Test(arguments: Sample.all)
  func everyTruncationIsRefused(_ sample: Sample) {
    for count in 0..<sample.bytes.count {
      let cut = Array(sample.bytes.prefix(count))
      #expect(throws: Malformed.self, "first \(count) bytes") { _ = try MonitorReply(cut.span) }
      #expect(throws: Malformed.truncated, "first \(count) bytes") { _ = try MonitorReply.size(atFrontOf: cut.span) }
    }
  }

  @Test(arguments: Sample.all)
  func aTrailingByteIsRefused(_ sample: Sample) throws {
    let long = sample.bytes + [0]
    #expect(throws: Malformed.length) { _ = try MonitorReply(long.span) }
    // There, it is the next reply's first.
    #expect(try MonitorReply.size(atFrontOf: long.span) == sample.bytes.count)
  }

  /// A payload of another size than the kind's, in a frame that says so.
  @Test(arguments: [(0, 1), (1, 0), (1, 3), (1, 5), (2, 0), (2, 43), (2, 45), (3, 1)])
  func aKindHasOneSize(kind: Int64, size: Int) {
    var bytes = Payload().d(kind).d(Int64(size)).bytes
    bytes += [UInt8](repeating: 0, count: size)
    #expect(throws: Malformed.self) { _ = try MonitorReply(bytes.span) }
  }

  @Test(arguments: [5, 64, 256, 0x0100_0000, -1])
  func thereIsNoOtherKind(kind: Int64) {
    let bytes = Payload().d(kind).d(0).bytes
    #expect(throws: Malformed.length) { _ = try MonitorReply(bytes.span) }
  }

  @Test(arguments: [Int64(1), 0x7fff_ffff, 0x8000_0000, -1])
  func aSizeBeyondWhatThereIsIsRefused(size: Int64) {
    let bytes = Payload().d(4).d(size).bytes
    #expect(throws: Malformed.truncated) { _ = try MonitorReply.size(atFrontOf: bytes.span) }
    #expect(throws: Malformed.length) { _ = try MonitorReply(bytes.span) }
  }

  @Test(arguments: 0..<32)
  func everyBitOfAnErrorArrives(bit: Int) throws {
    let bytes = Payload().d(1).d(4).d(1 << bit).bytes
    #expect(reading(try MonitorReply(bytes.span)) == "failed \(Int32(truncatingIfNeeded: 1 << bit))")
  }

  /// A value that its writer has put in its place.
  @Test(arguments: [0, 1, MonitorPacket.largestValue])
  func aValueMayStandThereAlready(count: Int) throws {
    var buffer = [UInt8](repeating: 7, count: MonitorHeader.size + count)
    var span = buffer.mutableSpan
    #expect(try MonitorReply.putValue(count: count, into: &span) == MonitorHeader.size + count)
    #expect(buffer == Payload().d(4).d(Int64(count)).bytes + [UInt8](repeating: 7, count: count))
  }

  private func reading(_ reply: borrowing MonitorReply) -> String {
    switch reply {
    case .done: return "done"
    case .failed(let error): return "failed \(error)"
    case .descriptor: return "descriptor"
    case .value(let value): return "value \(bytes(value))"
    case .status(let status):
      let time = "\(status.modification.seconds).\(status.modification.nanoseconds)"
      return "status \(status.device) \(status.inode) \(status.mode) \(status.size) \(time)"
    }
  }
}
