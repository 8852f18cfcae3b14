import HelperHarness
import MonitorProtocol
import Testing
import Wire

@Suite struct MonitorRequestTests {
  @Test func samplesCoverEveryType() {
    #expect(MonitorSample.all.map(\.type) == MonitorRequestType.allCases)
    #expect(MonitorRequestType.allCases.map(\.rawValue) == Array(64...80))
  }

  @Test func someAreAboutTwoObjects() {
    #expect(MonitorRequestType.allCases.filter(\.isAboutTwo) == [.link, .rename, .renameObject])
  }

  @Test(arguments: MonitorSample.all)
  func decodes(_ sample: MonitorSample) throws {
    let request = try MonitorRequest(sample.type, fields: sample.payload.span)
    #expect(reading(request) == sample.reading)
    #expect(request.type == sample.type)
  }

  @Test(arguments: MonitorSample.all)
  func everyTruncationIsRefused(_ sample: MonitorSample) throws {
    // A value has no end but the payload's.
    let fixed = sample.payload.count - (sample.type == .setAttribute ? 2 : 0)
    for count in 0..<fixed {
      let cut = Array(sample.payload.prefix(count))
      #expect(throws: Malformed.truncated, "first \(count) bytes") {
        _ = try MonitorRequest(sample.type, fields: cut.span)
      }
    }
  }

  @Test(arguments: MonitorSample.all.filter { $0.type != .setAttribute })
  func aTrailingByteIsRefused(_ sample: MonitorSample) {
    let long = sample.payload + [0]
    #expect(throws: Malformed.trailing) { _ = try MonitorRequest(sample.type, fields: long.span) }
  }

  @Test(arguments: MonitorSample.all)
  func encodesTheBytesThatItIsDecodedFrom(_ sample: MonitorSample) throws {
    let frame = try encoded(sample, ObjectPlaces(first: 0x0102, second: 0xfffe))
    let header = Payload().d(Int64(sample.type.rawValue)).d(Int64(4 + sample.payload.count)).w(0x0102).w(-2)
    #expect(frame == header.bytes + sample.payload)
  }

  @Test(arguments: MonitorSample.all)
  func isNotEncodedWhereThereIsNoRoom(_ sample: MonitorSample) throws {
    let size = MonitorHeader.size + ObjectPlaces.size + sample.payload.count
    for room in 0..<size {
      #expect(throws: Malformed.length, "\(room) bytes") { _ = try encoded(sample, ObjectPlaces(first: 0), room: room) }
    }
    #expect(try encoded(sample, ObjectPlaces(first: 0), room: size).count == size)
  }

  /// The bytes that a sample is encoded as, in a buffer of so many.
  private func encoded(_ sample: MonitorSample, _ places: ObjectPlaces, room: Int = 200) throws -> [UInt8] {
    let request = try MonitorRequest(sample.type, fields: sample.payload.span)
    var frame = [UInt8](repeating: 0xaa, count: room)
    var buffer = frame.mutableSpan
    let count = try request.encode(places, into: &buffer)
    return Array(frame.prefix(count))
  }

  @Suite struct Places {
    @Test(arguments: [(0, 0), (1, 2), (63, 62), (65535, 0), (0, 65535)])
    func areTwoNumbersOfSixteenBits(first: Int, second: Int) throws {
      let payload = Payload().w(Int64(first)).w(Int64(second)).s("rest").bytes
      #expect(try ObjectPlaces(payload.span) == ObjectPlaces(first: first, second: second))
    }

    @Test(arguments: 0..<ObjectPlaces.size)
    func areWhole(count: Int) {
      let cut = [UInt8](repeating: 0, count: count)
      #expect(throws: Malformed.truncated) { _ = try ObjectPlaces(cut.span) }
    }
  }

  @Suite struct Names {
    static let bad: [(name: [UInt8], fault: Name.Fault)] = [
      ([], .empty), (Array(".".utf8), .dot), (Array("..".utf8), .dotDot), (Array("/".utf8), .slash),
      (Array("a/".utf8), .slash), (Array("/a".utf8), .slash), (Array("a/b".utf8), .slash), (Array("../a".utf8), .slash),
      ([0], .nul), (Array("a\0".utf8), .nul), (Array("a\0b".utf8), .nul), (Array("\0a".utf8), .nul),
      ([UInt8](repeating: 0x61, count: 256), .tooLong), ([UInt8](repeating: 0x61, count: 65535), .tooLong),
    ]
    static let good: [[UInt8]] = [
      Array("...".utf8), Array(".a".utf8), Array("..a".utf8), Array("a.".utf8), [0xff], [0x0a],
      [UInt8](repeating: 0x61, count: 255),
    ]

    /// Payloads of this name wherever a request has one.
    private func payloads(_ name: [UInt8]) -> [(MonitorRequestType, [UInt8])] {
      [
        (.find, Payload().s(name).bytes), (.create, Payload().d(0).d(0).d(0).d(0).s(name).bytes),
        (.makeDirectory, Payload().d(0).d(0).d(0).s(name).bytes),
        (.makeNode, Payload().d(0).q(0).d(0).d(0).s(name).bytes),
        (.makeSymbolicLink, Payload().d(0).d(0).s(name).s("t").bytes), (.link, Payload().s(name).bytes),
        (.rename, Payload().s(name).s("a").bytes), (.rename, Payload().s("a").s(name).bytes),
        (.remove, Payload().d(0).s(name).bytes), (.renameObject, Payload().s(name).bytes),
      ]
    }

    @Test(arguments: bad)
    func nameNothingElseThanAnEntry(name: [UInt8], fault: Name.Fault) {
      for (type, payload) in payloads(name) {
        #expect(throws: Malformed.name(fault), "\(type)") { _ = try MonitorRequest(type, fields: payload.span) }
      }
    }

    @Test(arguments: good)
    func mayBeAnyOther(name: [UInt8]) throws {
      for (type, payload) in payloads(name) {
        #expect(try MonitorRequest(type, fields: payload.span).type == type)
      }
    }

    /// A target and an attribute's name aren't names of an entry.
    @Test func othersAreAnyBytes() throws {
      let any = Array("../a\0/".utf8)
      #expect(
        reading(
          try MonitorRequest(.makeSymbolicLink, fields: Payload().d(1).d(2).s("l").s(any).bytes.span))
          == "makeSymbolicLink l ../a\0/ 1 2")
      #expect(
        reading(try MonitorRequest(.getAttribute, fields: Payload().d(3).s(any).bytes.span))
          == "getAttribute ../a\0/ 3")
      #expect(
        reading(try MonitorRequest(.removeAttribute, fields: Payload().s(any).bytes.span))
          == "removeAttribute ../a\0/")
    }

    @Test func longerThanTheWireCanSayAreNotEncoded() {
      let long = [UInt8](repeating: 0x61, count: 65536)
      var frame = [UInt8](repeating: 0, count: MonitorPacket.largest)
      #expect(throws: Malformed.length) {
        var buffer = frame.mutableSpan
        _ = try MonitorRequest.removeAttribute(name: long.span).encode(ObjectPlaces(first: 0), into: &buffer)
      }
    }
  }

  @Suite struct Values {
    @Test func areAllThatFollows() throws {
      let value = [UInt8](repeating: 7, count: MonitorPacket.largestValue)
      var payload = Payload().d(2).s("user.a")
      payload.bytes += value
      #expect(
        reading(try MonitorRequest(.setAttribute, fields: payload.bytes.span)) == "setAttribute user.a \(value) 2")
    }

    @Test func mayBeEmpty() throws {
      let payload = Payload().d(0).s("user.a").bytes
      #expect(reading(try MonitorRequest(.setAttribute, fields: payload.span)) == "setAttribute user.a [] 0")
    }

    /// The longest fits into a packet, whatever its name.
    @Test func fitIntoAPacket() throws {
      let name = [UInt8](repeating: 0x61, count: 255)
      let value = [UInt8](repeating: 7, count: MonitorPacket.largestValue)
      var frame = [UInt8](repeating: 0, count: MonitorPacket.largest)
      var buffer = frame.mutableSpan
      let request = MonitorRequest.setAttribute(name: name.span, value: value.span, flags: 0)
      #expect(try request.encode(ObjectPlaces(first: 0), into: &buffer) == 8 + 4 + 4 + 2 + 255 + value.count)
    }
  }

  @Suite struct Changes {
    static let parts: [(bit: Int, reading: String)] = [
      (0, "change 1:2 - - false - -"), (1, "change - 3 - false - -"), (2, "change - - 4 false - -"),
      (3, "change - - - false 5.6 7.8"), (4, "change - - - true - -"),
    ]

    @Test(arguments: parts)
    func areOfWhatTheirBitsSay(bit: Int, reading expected: String) throws {
      let payload = Payload().d(1 << bit).d(1).d(2).d(3).q(4).q(5).q(6).q(7).q(8).bytes
      #expect(reading(try MonitorRequest(.change, fields: payload.span)) == expected)
    }

    @Test(arguments: parts)
    func sayOnlyWhatTheyAre(bit: Int, reading expected: String) throws {
      let payload = Payload().d(1 << bit).d(1).d(2).d(3).q(4).q(5).q(6).q(7).q(8).bytes
      let request = try MonitorRequest(.change, fields: payload.span)
      var frame = [UInt8](repeating: 0, count: 100)
      var buffer = frame.mutableSpan
      let count = try request.encode(ObjectPlaces(first: 0), into: &buffer)
      let again = frame.span.extracting(12..<count)
      #expect(reading(try MonitorRequest(.change, fields: again)) == expected)
    }

    @Test func mayBeNone() throws {
      let payload = [UInt8](repeating: 0, count: 56)
      #expect(reading(try MonitorRequest(.change, fields: payload.span)) == "change - - - false - -")
    }
  }

  /// Every field is read as it stands, whatever its bits.
  @Suite struct Bits {
    @Test(arguments: 0..<32)
    func ofThirtyTwo(bit: Int) throws {
      let value = Int64(UInt32(1) << UInt32(bit))
      let signed = Int32(bitPattern: UInt32(1) << UInt32(bit))
      #expect(try read(.open, Payload().d(value).d(0)) == "open \(signed) false")
      #expect(try read(.open, Payload().d(0).d(value)) == "open 0 true")
      #expect(try read(.create, Payload().d(value).d(0).d(0).d(0).s("f")) == "create f \(signed) 0 0 0")
      #expect(try read(.create, Payload().d(0).d(value).d(0).d(0).s("f")) == "create f 0 \(value) 0 0")
      #expect(try read(.create, Payload().d(0).d(0).d(value).d(0).s("f")) == "create f 0 0 \(value) 0")
      #expect(try read(.create, Payload().d(0).d(0).d(0).d(value).s("f")) == "create f 0 0 0 \(value)")
      #expect(try read(.makeDirectory, Payload().d(value).d(0).d(0).s("d")) == "makeDirectory d \(value) 0 0")
      #expect(try read(.makeNode, Payload().d(value).q(0).d(0).d(0).s("n")) == "makeNode n \(value) 0 0 0")
      #expect(try read(.remove, Payload().d(value).s("a")) == "remove a true")
      #expect(try read(.change, change(0b1, owner: (value, 0))) == "change \(value):0 - - false - -")
      #expect(try read(.change, change(0b1, owner: (0, value))) == "change 0:\(value) - - false - -")
      #expect(try read(.change, change(0b10, mode: value)) == "change - \(value) - false - -")
      #expect(try read(.getAttribute, Payload().d(value).s("a")) == "getAttribute a \(value)")
      #expect(try read(.listAttributes, Payload().d(value)) == "listAttributes \(value)")
      #expect(try read(.setAttribute, Payload().d(value).s("a")) == "setAttribute a [] \(signed)")
    }

    @Test(arguments: 0..<64)
    func ofSixtyFour(bit: Int) throws {
      let value = Int64(bitPattern: 1 << UInt64(bit))
      #expect(
        try read(.makeNode, Payload().d(0).q(value).d(0).d(0).s("n")) == "makeNode n 0 \(UInt64(1) << UInt64(bit)) 0 0")
      #expect(try read(.change, change(0b100, size: value)) == "change - - \(value) false - -")
      for place in 0..<4 {
        var times: [Int64] = [0, 0, 0, 0]
        times[place] = value
        #expect(
          try read(.change, change(0b1000, times: times))
            == "change - - - false \(times[0]).\(times[1]) \(times[2]).\(times[3])")
      }
    }

    /// What a request is read as, which must be what its encoding is read as.
    private func read(_ type: MonitorRequestType, _ payload: Payload) throws -> String {
      let request = try MonitorRequest(type, fields: payload.bytes.span)
      var frame = [UInt8](repeating: 0, count: 100)
      var buffer = frame.mutableSpan
      let count = try request.encode(ObjectPlaces(first: 0), into: &buffer)
      let again = frame.span.extracting(12..<count)
      #expect(reading(try MonitorRequest(type, fields: again)) == reading(request))
      return reading(request)
    }

    private func change(
      _ bits: Int64, owner: (Int64, Int64) = (0, 0), mode: Int64 = 0, size: Int64 = 0, times: [Int64] = [0, 0, 0, 0]
    ) -> Payload {
      Payload().d(bits).d(owner.0).d(owner.1).d(mode).q(size).q(times[0]).q(times[1]).q(times[2]).q(times[3])
    }
  }
}
