import HelperHarness
import ProxyProtocol
import Testing
import Wire

@Suite struct RequestTests {
  @Test func samplesCoverEveryType() {
    #expect(Sample.all.map(\.type) == RequestType.allCases)
    #expect(RequestType.allCases.map(\.rawValue) == Array(2...21))
  }

  @Test(arguments: Sample.all)
  func decodes(_ sample: Sample) throws {
    let request = try Request(sample.type, payload: sample.payload.span)
    #expect(reading(request) == sample.reading)
    #expect(request.type == sample.type)
  }

  @Test(arguments: Sample.all)
  func everyTruncationIsRefused(_ sample: Sample) {
    for count in 0..<sample.payload.count {
      let cut = Array(sample.payload.prefix(count))
      #expect(throws: Malformed.truncated, "first \(count) bytes") {
        _ = try Request(sample.type, payload: cut.span)
      }
    }
  }

  @Test(arguments: Sample.all)
  func aTrailingByteIsRefused(_ sample: Sample) {
    let long = sample.payload + [0]
    #expect(throws: Malformed.trailing) { _ = try Request(sample.type, payload: long.span) }
  }

  /// The wire that an encoder of ours makes is the wire that QEMU makes, but for the NULs that are optional.
  @Test(arguments: Sample.all)
  func encodesWhatDecodes(_ sample: Sample) throws {
    let request = try Request(sample.type, payload: sample.payload.span)
    var frame: [UInt8] = []
    try request.encode(into: &frame)
    let header = try FrameHeader(frame.span)
    #expect(header == FrameHeader(type: sample.type.rawValue, size: UInt32(frame.count - 8)))
    let again = try Request(sample.type, payload: frame.span.extracting(droppingFirst: 8))
    #expect(reading(again) == sample.reading)
  }

  @Test func encodesGoldenBytes() throws {
    var frame: [UInt8] = []
    let path = Array("//d/f".utf8)
    try Request.create(path: path.span, flags: 0o102, mode: 0o644, uid: 1000, gid: 1001).encode(into: &frame)
    #expect(frame == Payload().d(3).d(23).s("//d/f").d(0o102).d(0o644).d(1000).d(1001).bytes)
    try Request.makeNode(path: path.span, mode: 0o10644, device: 5, uid: 1, gid: 2).encode(into: &frame)
    #expect(frame == Payload().d(4).d(27).d(1).d(2).s("//d/f").d(0o10644).q(5).bytes)
  }

  @Suite struct Paths {
    static let oneNUL: [(field: [UInt8], path: String)] = [
      (Array("/f".utf8), "/f"), (Array("/f\0".utf8), "/f"), ([], ""), ([0], ""),
    ]

    @Test(arguments: oneNUL)
    func mayEndInOneNUL(field: [UInt8], path: String) throws {
      let payload = Payload().s(field).bytes
      #expect(reading(try Request(.status, payload: payload.span)) == "status \(path)")
    }

    @Test(arguments: [[0, 0], Array("/f\0\0".utf8), Array("/a\0b".utf8), Array("\0/f".utf8), Array("/a\0b\0".utf8)])
    func holdNoOtherNUL(field: [UInt8]) {
      let payload = Payload().s(field).bytes
      #expect(throws: Malformed.embeddedNUL) { _ = try Request(.status, payload: payload.span) }
    }

    /// Each string of each request but a value is a path or a name.
    @Test func theRuleHoldsForEveryField() {
      let bad: [UInt8] = Array("a\0b".utf8)
      let payloads: [(RequestType, Payload)] = [
        (.link, Payload().s("/a").s(bad)), (.rename, Payload().s(bad).s("/a")),
        (.makeSymbolicLink, Payload().d(0).d(0).s(bad).s("/a")), (.makeSymbolicLink, Payload().d(0).d(0).s("a").s(bad)),
        (.getAttribute, Payload().d(0).s("/a").s(bad)), (.removeAttribute, Payload().s("/a").s(bad)),
        (.setAttribute, Payload().s("/a").s(bad).s("v").d(1).d(0)),
      ]
      for (type, payload) in payloads {
        #expect(throws: Malformed.embeddedNUL) { _ = try Request(type, payload: payload.bytes.span) }
      }
    }

    @Test func mayBeAsLongAsTheirLengthCanSay() throws {
      let path = [UInt8](repeating: UInt8(ascii: "a"), count: 65535)
      let payload = Payload().s(path).bytes
      guard case .status(let read) = try Request(.status, payload: payload.span) else {
        Issue.record("not a status request")
        return
      }
      #expect(read.count == 65535)
    }
  }

  @Suite struct Values {
    @Test(arguments: [Int64(5), -1, Int64(Int32.min), Int64(Int32.max)])
    func aSizeBeyondTheValueIsRefused(size: Int64) {
      let payload = Payload().s("/f").s("user.a").s("1234").d(size).d(0).bytes
      #expect(throws: Malformed.length) { _ = try Request(.setAttribute, payload: payload.span) }
    }

    @Test(arguments: 0...4)
    func aValueIsCutToItsSize(size: Int) throws {
      let payload = Payload().s("/f").s("user.a").s([1, 2, 3, 0]).d(Int64(size)).d(0).bytes
      let value = Array([UInt8]([1, 2, 3, 0]).prefix(size))
      #expect(reading(try Request(.setAttribute, payload: payload.span)) == "setAttribute /f user.a \(value) 0")
    }
  }

  @Test func whatTheWireCannotSayIsNotEncoded() {
    var frame: [UInt8] = []
    let long = [UInt8](repeating: UInt8(ascii: "a"), count: 65536)
    #expect(throws: Malformed.length) { try Request.status(path: long.span).encode(into: &frame) }
    let half = [UInt8](repeating: UInt8(ascii: "a"), count: 40000)
    #expect(throws: Malformed.length) { try Request.link(old: half.span, new: half.span).encode(into: &frame) }
  }

  /// Every 32-bit field is read as it stands, whatever its bits.
  @Test(arguments: 0..<32)
  func everyBitOfAFieldArrives(bit: Int) throws {
    let flags = UInt32(1) << UInt32(bit)
    let payload = Payload().s("/f").d(Int64(flags)).bytes
    #expect(reading(try Request(.open, payload: payload.span)) == "open /f \(Int32(bitPattern: flags))")
  }
}
