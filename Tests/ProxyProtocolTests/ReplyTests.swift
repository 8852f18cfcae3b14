import HelperHarness
import ProxyProtocol
import Testing
import Wire

@Suite struct ReplyTests {
  /// The bytes of a reply, written into a full-sized buffer.
  private func written(_ body: (inout MutableSpan<UInt8>) -> Int) -> [UInt8] {
    var buffer = [UInt8](repeating: 0xaa, count: Frame.maximumSize)
    var span = buffer.mutableSpan
    let count = body(&span)
    return Array(buffer.prefix(count))
  }

  static let statuses: [(value: Int32, type: Int64)] = [(0, 0), (-2, 1), (-61, 1), (.min, 1), (6, 0)]

  @Test(arguments: statuses)
  func status(value: Int32, type: Int64) {
    #expect(written { Reply.status(value, into: &$0) } == Payload().d(type).d(4).d(Int64(value)).bytes)
  }

  @Test func descriptorHasNoHeader() {
    #expect(written { Reply.descriptor(-6, into: &$0) } == Payload().d(-6).bytes)
    #expect(written { Reply.descriptor(Frame.descriptorFollows, into: &$0) } == [0xff, 0xff, 0xff, 0x7f])
  }

  @Test(arguments: [0, 1, 300, Reply.maximumValue])
  func value(count: Int) {
    let bytes = written { buffer in
      for index in 0..<count { buffer[Reply.valueOffset + index] = 7 }
      return Reply.value(count: count, into: &buffer)
    }
    #expect(bytes == Payload().d(0).d(Int64(2 + count)).s([UInt8](repeating: 7, count: count)).bytes)
    #expect(bytes.count <= Frame.maximumSize)
  }

  @Test func version() {
    #expect(written { Reply.version(0x1234_5678, into: &$0) } == Payload().d(0).d(8).q(0x1234_5678).bytes)
  }

  @Test func fileStatus() throws {
    var status = FileStatus()
    status.device = 1
    status.inode = 0x2_0000_0002
    status.links = 3
    status.mode = 4
    status.uid = 5
    status.gid = .max
    status.specialDevice = 7
    status.size = 8
    status.blockSize = 9
    status.blocks = 10
    status.access = ProxyProtocol.Time(seconds: -11, nanoseconds: 12)
    status.modification = ProxyProtocol.Time(seconds: 13, nanoseconds: 14)
    status.change = ProxyProtocol.Time(seconds: 15, nanoseconds: 16)
    let bytes = written { Reply.fileStatus(status, into: &$0) }
    let expected = Payload().d(0).d(116).q(1).q(0x2_0000_0002).q(3).d(4).d(5).d(-1).q(7).q(8).q(9).q(10).q(-11).q(12)
      .q(13).q(14).q(15).q(16)
    #expect(bytes == expected.bytes)
    let payload = Array(bytes.dropFirst(8))
    #expect(try FileStatus(payload.span) == status)
  }

  @Test func fileSystemStatus() throws {
    var status = FileSystemStatus()
    status.type = 1
    status.blockSize = 2
    status.blocks = 3
    status.freeBlocks = 4
    status.availableBlocks = 5
    status.files = 6
    status.freeFiles = 7
    status.identifier = (8, .max)
    status.nameLength = 10
    status.fragmentSize = 11
    let bytes = written { Reply.fileSystemStatus(status, into: &$0) }
    #expect(bytes == Payload().d(0).d(88).q(1).q(2).q(3).q(4).q(5).q(6).q(7).q(8).q(-1).q(10).q(11).bytes)
    let payload = Array(bytes.dropFirst(8))
    let read = try FileSystemStatus(payload.span)
    #expect(read.identifier == status.identifier)
    #expect(read.fragmentSize == 11)
  }

  @Test func aStatusOfAnotherSizeIsRefused() {
    for count in [0, 115, 117] {
      let payload = [UInt8](repeating: 0, count: count)
      #expect(throws: Malformed.self) { _ = try FileStatus(payload.span) }
    }
    for count in [0, 87, 89] {
      let payload = [UInt8](repeating: 0, count: count)
      #expect(throws: Malformed.self) { _ = try FileSystemStatus(payload.span) }
    }
  }

  @Test func headersNeedEightBytes() throws {
    let bytes = Payload().d(21).d(-1).bytes
    #expect(try FrameHeader(bytes.span) == FrameHeader(type: 21, size: .max))
    for count in 0..<8 {
      let cut = Array(bytes.prefix(count))
      #expect(throws: Malformed.truncated) { _ = try FrameHeader(cut.span) }
    }
  }

  @Test func formsAreTheProtocols() {
    let descriptor: [RequestType] = [.open, .create]
    let response: [RequestType] = [
      .status, .readLink, .fileSystemStatus, .getAttribute, .listAttributes, .getVersion,
    ]
    for type in RequestType.allCases {
      let expected: ReplyForm =
        descriptor.contains(type) ? .descriptor : response.contains(type) ? .response : .status
      #expect(type.replyForm == expected, "\(type)")
    }
  }
}
