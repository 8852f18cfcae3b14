import NinePProtocol
import Testing
import Wire

@Suite struct ReplyTests {
  @Test func samplesCoverEveryType() {
    let types = RequestType.allCases.map(\.reply) + [RequestType.errorReply]
    #expect(Set(ReplySample.all.map(\.type)) == Set(types))
  }

  @Test(arguments: ReplySample.all)
  func writesToTheByte(_ sample: ReplySample) throws {
    let tag = try FrameHeader(sample.frame.span).tag
    let request = FrameHeader(size: 7, type: sample.type - 1, tag: tag)
    var buffer = [UInt8](repeating: 0xaa, count: ReplyWriter.smallestBuffer)
    var span = buffer.mutableSpan
    let count = try sample.write(ReplyWriter(to: request), &span)
    #expect(Array(buffer.prefix(count)) == sample.frame)
    #expect(buffer.dropFirst(count).allSatisfy { $0 == 0xaa })
  }

  /// An error has its own number, whatever failed, a request of no known type as well.
  @Test(arguments: UInt8.min...UInt8.max)
  func anyRequestCanFail(type: UInt8) {
    let request = FrameHeader(size: 7, type: type, tag: Tag(rawValue: 0x1234))
    var buffer = [UInt8](repeating: 0xaa, count: ReplyWriter.smallestBuffer)
    var span = buffer.mutableSpan
    let count = ReplyWriter(to: request).error(.notSupported, into: &span)
    #expect(Array(buffer.prefix(count)) == hex("0b000000 07 3412 5f000000"))
  }

  @Test(arguments: ReplySample.all)
  func decodes(_ sample: ReplySample) throws {
    let header = try FrameHeader(sample.frame.span)
    #expect(header.frameSize(limit: 8192) == sample.frame.count)
    #expect(header.request == nil)
    #expect(reading(try Reply(sample.type, body: sample.body.span)) == sample.reading)
  }

  @Test(arguments: ReplySample.all)
  func everyTruncationIsRefused(_ sample: ReplySample) {
    for count in 0..<sample.body.count {
      let cut = Array(sample.body.prefix(count))
      #expect(throws: Malformed.truncated, "first \(count) bytes") { _ = try Reply(sample.type, body: cut.span) }
    }
  }

  @Test(arguments: ReplySample.all)
  func aTrailingByteIsRefused(_ sample: ReplySample) {
    let long = sample.body + [0]
    #expect(throws: Malformed.trailing) { _ = try Reply(sample.type, body: long.span) }
  }

  @Test func othersAreNoReplies() {
    let known = Set(ReplySample.all.map(\.type))
    for type in UInt8.min...UInt8.max where !known.contains(type) {
      let body: [UInt8] = []
      #expect(throws: Malformed.unknown) { _ = try Reply(type, body: body.span) }
    }
  }

  @Suite struct Counts {
    @Test func sixteenQidsFitIntoTheSmallestBuffer() throws {
      var buffer = [UInt8](repeating: 0xaa, count: ReplyWriter.smallestBuffer)
      var span = buffer.mutableSpan
      for index in 0..<16 {
        ReplyWriter.put(Qid(kind: .file, version: 1, path: UInt64(index)), at: index, into: &span)
      }
      let writer = ReplyWriter(to: FrameHeader(size: 7, type: 110, tag: Tag(rawValue: 1)))
      #expect(writer.qids(count: 16, into: &span) == 217)
      guard case .qids(var qids) = try Reply(111, body: buffer.span.extracting(droppingFirst: 7)) else {
        Issue.record("not a walk's reply")
        return
      }
      #expect(qids.count == 16)
      for index in 0..<16 { #expect(qids.next()?.path == UInt64(index)) }
      #expect(qids.next() == nil)
    }

    @Test(arguments: [UInt16(17), 0x8000, .max])
    func moreQidsAreRefused(count: UInt16) {
      let body = Body().u16(count).raw([UInt8](repeating: 0, count: 17 * 13)).bytes
      #expect(throws: Malformed.count) { _ = try Reply(111, body: body.span) }
    }

    @Test(arguments: [UInt32(0), 3, 5, 0x8000_0000, .max])
    func dataHasWhatItSays(count: UInt32) {
      let body = Body().u32(count).raw([1, 2, 3, 4]).bytes
      for type: UInt8 in [41, 117] {
        #expect(throws: count < 4 ? Malformed.trailing : .truncated) { _ = try Reply(type, body: body.span) }
      }
    }
  }

  @Test func valuesThatAreNoneAreRefused() {
    #expect(throws: Malformed.value) { _ = try Reply(53, body: [4].span) }
    let lock = Body().u8(3).u64(0).u64(0).u32(0).s("").bytes
    #expect(throws: Malformed.value) { _ = try Reply(55, body: lock.span) }
    for target in [[], [0], [UInt8](repeating: 0x61, count: 4096)] {
      let body = Body().s(target).bytes
      #expect(throws: Malformed.self) { _ = try Reply(23, body: body.span) }
    }
  }

  /// A client's name comes back to another client, who has room for 4096 bytes.
  @Test(arguments: [(4066, true), (4067, false), (65535, false)])
  func aLocksClientHasAShortName(count: Int, fits: Bool) {
    let client = [UInt8](repeating: 0x61, count: count)
    var buffer = [UInt8](repeating: 0, count: 100_000)
    var span = buffer.mutableSpan
    let writer = ReplyWriter(to: FrameHeader(size: 7, type: 54, tag: Tag(rawValue: 1)))
    let size = try? writer.lock(
      Lock(kind: .shared, start: 0, length: 0, process: 0, client: client.span), into: &span)
    #expect(size == (fits ? 30 + count : nil))
  }
}
