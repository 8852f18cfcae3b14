import NinePProtocol
import Testing
import Wire

@Suite struct RequestTests {
  @Test func samplesCoverEveryType() {
    #expect(Set(RequestSample.all.map(\.type)) == Set(RequestType.allCases))
  }

  @Test(arguments: RequestSample.all)
  func decodes(_ sample: RequestSample) throws {
    let header = try FrameHeader(sample.frame.span)
    #expect(header.frameSize(limit: 8192) == sample.frame.count)
    #expect(header.request == sample.type)
    let request = try Request(sample.type, body: sample.body.span)
    #expect(reading(request) == sample.reading)
    #expect(request.type == sample.type)
  }

  @Test(arguments: RequestSample.all)
  func encodesToTheByte(_ sample: RequestSample) throws {
    let tag = try FrameHeader(sample.frame.span).tag
    let request = try Request(sample.type, body: sample.body.span)
    var frame = [UInt8](repeating: 0xaa, count: 200)
    var span = frame.mutableSpan
    let count = try request.encode(tag: tag, into: &span)
    #expect(Array(frame.prefix(count)) == sample.frame)
    #expect(frame.dropFirst(count).allSatisfy { $0 == 0xaa })
  }

  @Test(arguments: RequestSample.all)
  func isNotEncodedIntoTooLittleRoom(_ sample: RequestSample) throws {
    let request = try Request(sample.type, body: sample.body.span)
    for room in 0..<sample.frame.count {
      var frame = [UInt8](repeating: 0, count: room)
      var span = frame.mutableSpan
      #expect(throws: Malformed.length) { _ = try request.encode(tag: .none, into: &span) }
    }
  }

  @Test(arguments: RequestSample.all)
  func everyTruncationIsRefused(_ sample: RequestSample) {
    for count in 0..<sample.body.count where !(sample.type == .fsync && count == 4) {
      let cut = Array(sample.body.prefix(count))
      #expect(throws: Malformed.truncated, "first \(count) bytes") { _ = try Request(sample.type, body: cut.span) }
    }
  }

  @Test(arguments: RequestSample.all)
  func aTrailingByteIsRefused(_ sample: RequestSample) {
    let long = sample.body + [0]
    #expect(throws: Malformed.trailing) { _ = try Request(sample.type, body: long.span) }
  }

  /// No bytes trap, whatever they are and whatever they are taken for; nor do they make a request of more than there is.
  @Test(arguments: RequestType.allCases)
  func anyBytesAreReadOrRefused(as type: RequestType) throws {
    var random = Xorshift(state: 0x9e37_79b9_7f4a_7c15 ^ UInt64(type.rawValue))
    for length in 0..<80 {
      for filling in 0..<6 {
        let body = (0..<length).map { _ -> UInt8 in
          switch filling {
          case 0: 0
          case 1: 0xff
          case 2: UInt8.random(in: 0...1, using: &random)
          default: UInt8.random(in: 0...255, using: &random)
          }
        }
        guard let request = try? Request(type, body: body.span) else { continue }
        var frame = [UInt8](repeating: 0, count: 7 + length + 4)
        var span = frame.mutableSpan
        let count = try request.encode(tag: .none, into: &span)
        if type != .fsync { #expect(Array(frame[7..<count]) == body) }
      }
    }
  }

  /// Clients once sent it without its second field.
  @Test func synchronizeMayLackItsLastField() throws {
    let body = Body().u32(8).bytes
    #expect(reading(try Request(.fsync, body: body.span)) == "fsync 8 false")
    let zero = Body().u32(8).u32(0).bytes
    #expect(reading(try Request(.fsync, body: zero.span)) == "fsync 8 false")
    let any = Body().u32(8).u32(0x8000_0000).bytes
    #expect(reading(try Request(.fsync, body: any.span)) == "fsync 8 true")
  }

  @Suite struct Counts {
    @Test(arguments: [UInt16(17), 18, 0x8000, .max])
    func aWalkHasSixteenNames(count: UInt16) {
      var body = Body().u32(0).u32(1).u16(count)
      for _ in 0..<min(count, 20) { body = body.s("a") }
      #expect(throws: Malformed.count) { _ = try Request(.walk, body: body.bytes.span) }
      #expect(Malformed.count.errorNumber(for: .walk) == .invalid)
    }

    @Test func allSixteenAreTaken() throws {
      var body = Body().u32(0).u32(1).u16(16)
      for index in 0..<16 { body = body.s([UInt8](repeating: 0x61, count: 1 + index * 16)) }
      guard case .walk(_, _, var names) = try Request(.walk, body: body.bytes.span) else {
        Issue.record("not a walk")
        return
      }
      #expect(names.count == 16)
      var lengths: [Int] = []
      while let step = names.next() {
        if case .down(let name) = step { lengths.append(name.bytes.count) }
      }
      #expect(lengths == (0..<16).map { 1 + $0 * 16 })
      #expect(names.count == 0)
    }

    @Test(arguments: [UInt32(0), 1, 3, 5, 0x7fff_ffff, 0x8000_0000, .max - 24, .max])
    func aWriteHasWhatItSays(count: UInt32) {
      let body = Body().u32(3).u64(0).u32(count).raw([1, 2, 3, 4]).bytes
      #expect(throws: count < 4 ? Malformed.trailing : .truncated) { _ = try Request(.write, body: body.span) }
    }

    /// Where the lengths of strings stand in the samples' bodies.
    static let strings: [(sample: String, offsets: [Int])] = [
      ("Tlcreate", [4]), ("Tsymlink", [4, 7]), ("Tmknod", [4]), ("Trename", [8]), ("Txattrwalk", [8]),
      ("Txattrcreate", [4]), ("Tlock", [29]), ("Tgetlock", [25]), ("Tlink", [8]), ("Tmkdir", [4]),
      ("Trenameat", [4, 11]), ("Tunlinkat", [4]), ("Tversion", [4]), ("Tauth", [4, 7]), ("Tattach", [8, 16]),
      ("Twalk", [10]), ("Twalk of dots", [10, 14, 17, 20]),
    ]

    @Test(arguments: strings)
    func aStringHasWhatItSays(in name: String, at offsets: [Int]) throws {
      let sample = try #require(RequestSample.all.first { $0.name == name })
      for offset in offsets {
        for length in [sample.body.count - offset - 2 + 1, 0x7fff, 0xffff] {
          var body = sample.body
          body[offset] = UInt8(length & 0xff)
          body[offset + 1] = UInt8(length >> 8)
          #expect(throws: Malformed.truncated, "\(length) bytes") { _ = try Request(sample.type, body: body.span) }
        }
      }
    }
  }

  @Suite struct Values {
    /// Every bit of every field of flags arrives, known or not.
    @Test(arguments: 0..<32)
    func everyBitOfAFieldArrives(bit: Int) throws {
      let flags = UInt32(1) << UInt32(bit)
      let open = Body().u32(1).u32(flags).bytes
      #expect(reading(try Request(.lopen, body: open.span)) == "lopen 1 \(flags)")
      let unlink = Body().u32(1).s("d").u32(flags).bytes
      #expect(reading(try Request(.unlinkat, body: unlink.span)) == "unlinkat 1 d \(flags)")
      let attribute = Body().u32(1).s("user.a").u64(.max).u32(flags).bytes
      #expect(
        reading(try Request(.xattrcreate, body: attribute.span))
          == "xattrcreate 1 user.a \(UInt64.max) \(flags)")
      let fields = Body().u32(1).u64(UInt64(flags) << 32).bytes
      #expect(reading(try Request(.getattr, body: fields.span)) == "getattr 1 \(UInt64(flags) << 32)")
    }

    @Test(arguments: [UInt8(3), 4, 0x80, 0xff])
    func aLockOfNoKindIsRefused(kind: UInt8) {
      let lock = Body().u32(1).u8(kind).u32(0).u64(0).u64(0).u32(0).s("vm").bytes
      #expect(throws: Malformed.value) { _ = try Request(.lock, body: lock.span) }
      let getLock = Body().u32(1).u8(kind).u64(0).u64(0).u32(0).s("vm").bytes
      #expect(throws: Malformed.value) { _ = try Request(.getlock, body: getLock.span) }
    }

    static let times: [(valid: UInt32, access: String, modification: String)] = [
      (0x41, "none", "none"), (0x70, "now", "now"), (0x1f0, "to 1.2", "to 3.4"), (0xd0, "to 1.2", "none"),
      (0x160, "none", "to 3.4"), (0x180, "none", "none"), (0x130, "now", "to 3.4"), (0x1cf, "none", "none"),
    ]

    @Test(arguments: times)
    func timesAreGivenOrNowOrLeft(valid: UInt32, access: String, modification: String) throws {
      let change = try change(valid: valid, nanoseconds: (2, 4))
      #expect(Self.text(change.accessChange) == access)
      #expect(Self.text(change.modificationChange) == modification)
    }

    /// `UTIME_NOW` and `UTIME_OMIT` are such nanoseconds.
    @Test(arguments: [UInt64(1_000_000_000), 0x3fff_ffff, 0x3fff_fffe, 1 << 63, .max])
    func aGivenTimeHasLessThanASecondOfNanoseconds(nanoseconds: UInt64) throws {
      #expect(throws: Malformed.value) { _ = try change(valid: 0xd0, nanoseconds: (nanoseconds, 0)) }
      #expect(throws: Malformed.value) { _ = try change(valid: 0x160, nanoseconds: (0, nanoseconds)) }
      // Where they aren't used they may be any.
      #expect(try change(valid: 0x1, nanoseconds: (nanoseconds, nanoseconds)).accessChange == .none)
      #expect(try change(valid: 0x70, nanoseconds: (nanoseconds, nanoseconds)).modificationChange == .now)
    }

    private func change(valid: UInt32, nanoseconds: (UInt64, UInt64)) throws -> AttributeChange {
      let body = Body().u32(1).u32(valid).u32(0).u32(0).u32(0).u64(0).u64(1).u64(nanoseconds.0).u64(3)
        .u64(nanoseconds.1).bytes
      guard case .setattr(_, let change) = try Request(.setattr, body: body.span) else {
        Issue.record("not a change of attributes")
        return AttributeChange()
      }
      return change
    }

    private static func text(_ change: AttributeChange.TimeChange) -> String {
      switch change {
      case .none: "none"
      case .now: "now"
      case .to(let time): "to \(time.seconds).\(time.nanoseconds)"
      }
    }
  }

  @Test func whatTheWireCannotSayIsNotEncoded() {
    var frame = [UInt8](repeating: 0, count: 200_000)
    var span = frame.mutableSpan
    let long = [UInt8](repeating: 0x61, count: 65536)
    let fid = Fid(rawValue: 1)
    #expect(throws: Malformed.length) {
      _ = try Request.version(messageSize: 0, version: long.span).encode(tag: .none, into: &span)
    }
    let data = [UInt8](repeating: 1, count: 200_000)
    #expect(throws: Malformed.length) {
      _ = try Request.write(fid: fid, offset: 0, data: data.span).encode(tag: .none, into: &span)
    }
  }

  @Test func namesArePacked() throws {
    var room = [UInt8](repeating: 0, count: 10)
    var span = room.mutableSpan
    var end = 0
    try Names.pack("foo".utf8.span, into: &span, end: &end)
    try Names.pack("..".utf8.span, into: &span, end: &end)
    #expect(end == 9)
    #expect(throws: Malformed.length) { try Names.pack("a".utf8.span, into: &span, end: &end) }
    #expect(end == 9)
    var frame = [UInt8](repeating: 0, count: 40)
    var into = frame.mutableSpan
    let names = try Names(count: 2, packed: room.span.extracting(first: end))
    let fid = Fid(rawValue: 0)
    let count = try Request.walk(fid: fid, newFid: fid, names: names).encode(tag: Tag(rawValue: 1), into: &into)
    #expect(Array(frame.prefix(count)) == hex("1a000000 6e 0100 00000000 00000000 0200 0300 666f6f 0200 2e2e"))
  }
}

/// The same bytes in every run.
private struct Xorshift: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
