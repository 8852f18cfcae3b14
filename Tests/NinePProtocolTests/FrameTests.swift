import NinePProtocol
import Testing
import Wire

@Suite struct FrameTests {
  @Test func headersNeedSevenBytes() throws {
    let bytes = hex("78563412 6e 0201 ff")
    let header = FrameHeader(size: 0x1234_5678, type: 110, tag: Tag(rawValue: 0x0102))
    #expect(try FrameHeader(bytes.span) == header)
    for count in 0..<7 {
      let cut = Array(bytes.prefix(count))
      #expect(throws: Malformed.truncated) { _ = try FrameHeader(cut.span) }
    }
  }

  static let sizes: [(size: UInt32, limit: UInt32, frame: Int?)] = [
    (0, 8192, nil), (1, 8192, nil), (6, 8192, nil), (7, 8192, 7), (8, 8192, 8), (8191, 8192, 8191),
    (8192, 8192, 8192), (8193, 8192, nil), (0x8000_0000, 8192, nil), (.max, 8192, nil), (.max, .max, 0xffff_ffff),
    (7, 0, nil),
  ]

  @Test(arguments: sizes)
  func aSizeIsWithinLimits(size: UInt32, limit: UInt32, frame: Int?) {
    #expect(FrameHeader(size: size, type: 120, tag: .none).frameSize(limit: limit) == frame)
  }

  /// Every number that isn't a request's is none: replies, the errors, 9P2000's and 9P2000.u's own, other dialects'.
  @Test func typesAreTheProtocols() {
    let requests: [UInt8] = [
      8, 12, 14, 16, 18, 20, 22, 24, 26, 30, 32, 40, 50, 52, 54, 70, 72, 74, 76, 100, 102, 104, 108, 110, 116, 118, 120,
      122,
    ]
    for number in UInt8.min...UInt8.max {
      let type = FrameHeader(size: 7, type: number, tag: .none).request
      #expect(type?.rawValue == (requests.contains(number) ? number : nil), "\(number)")
      if let type { #expect(type.reply == number + 1) }
    }
  }

  @Test func nobodysNumbersAreAllOnes() {
    #expect(Tag.none.rawValue == 0xffff)
    #expect(Fid.none.rawValue == 0xffff_ffff)
    #expect(Request.noUser == 0xffff_ffff)
  }

  @Suite struct Sizes {
    static let requests: [(requested: UInt32, agreed: UInt32?)] = [
      (0, nil), (1, nil), (7, nil), (23, nil), (24, nil), (4095, nil), (4096, 4096), (131_096, 131_096),
      (524_288, 524_288), (524_289, 524_288), (1 << 31, 524_288), (.max, 524_288),
    ]

    @Test(arguments: requests)
    func theSmallerIsAgreedUpon(requested: UInt32, agreed: UInt32?) {
      #expect(MessageSize.agreed(requested: requested, own: 524_288) == agreed)
    }

    static let counts: [(count: UInt32, size: UInt32, data: Int)] = [
      (0, 4096, 0), (1, 4096, 1), (4071, 4096, 4071), (4072, 4096, 4072), (4073, 4096, 4072), (.max, 4096, 4072),
      (.max, .max, 0xffff_ffe7), (131_072, 131_096, 131_072), (.max, 24, 0), (.max, 23, 0), (.max, 0, 0),
    ]

    @Test(arguments: counts)
    func dataFitsIntoAMessage(count: UInt32, size: UInt32, data: Int) {
      #expect(MessageSize.data(count, within: size) == data)
    }

    @Test func aTargetFitsIntoAMessageAndTheClientsRoom() {
      #expect(MessageSize.target(within: 4096) == 4086)
      #expect(MessageSize.target(within: 8192) == 8182)
      #expect(MessageSize.target(within: 8193) == 8183)
      #expect(MessageSize.target(within: .max) == 8183)
      for size in 0...10 { #expect(MessageSize.target(within: UInt32(size)) == 0) }
    }
  }

  @Suite struct Versions {
    @Test func oneIsSpoken() {
      #expect(Version("9P2000.L".utf8.span) == .linux)
    }

    @Test(
      arguments: [
        "", "9P2000", "9P2000.u", "9P2000.L.Google.7", "9P2000.l", "9p2000.L", "9P2000.L\0", "9P2000.", "unknown",
        "9P2000.M", " 9P2000.L",
      ])
    func othersAreUnknown(_ text: String) {
      #expect(Version(text.utf8.span) == .unknown)
    }
  }

  @Suite struct Flags {
    static let accesses: [(flags: UInt32, access: OpenFlags.Access?)] = [
      (0, .read), (1, .write), (2, .readWrite), (3, nil), (0xffff_fffc, .read), (0xffff_ffff, nil), (0x8001, .write),
    ]

    @Test(arguments: accesses)
    func accessIsTheLastTwoBits(flags: UInt32, access: OpenFlags.Access?) {
      #expect(OpenFlags(rawValue: flags).access == access)
    }
  }
}
