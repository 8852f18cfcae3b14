import Testing
import VhostHarness
import Wire

@testable import VhostUser

@Suite struct MessageTests {
  struct Sample: CustomTestStringConvertible, Sendable {
    let type: RequestType
    let payload: [UInt8]
    let request: Request

    var testDescription: String { "\(type)" }

    static let region = MemoryRegion(guestAddress: 0x1000, size: 0x2000, userAddress: 0x7f00, fileOffset: 0x3000)
    private static let regionBytes = VhostFrontEnd.bytes([0x1000, 0x2000, 0x7f00, 0x3000])

    static let all: [Sample] = [
      Sample(type: .getFeatures, payload: [], request: .getFeatures),
      Sample(
        type: .setFeatures, payload: VhostFrontEnd.bytes(UInt64(1) << 32), request: .setFeatures(.version1)),
      Sample(type: .setOwner, payload: [], request: .setOwner),
      Sample(type: .resetOwner, payload: [], request: .resetOwner),
      Sample(
        type: .setMemoryTable, payload: VhostFrontEnd.state(2, 0) + regionBytes + regionBytes,
        request: .setMemoryTable([region, region])),
      Sample(type: .setVringSize, payload: VhostFrontEnd.state(1, 128), request: .setVringSize(index: 1, size: 128)),
      Sample(
        type: .setVringAddress, payload: VhostFrontEnd.state(3, 0) + VhostFrontEnd.bytes([1, 2, 3, 4]),
        request: .setVringAddress(VringAddress(index: 3, descriptors: 1, used: 2, available: 3))),
      Sample(type: .setVringBase, payload: VhostFrontEnd.state(1, 9), request: .setVringBase(index: 1, base: 9)),
      Sample(type: .getVringBase, payload: VhostFrontEnd.state(2, 7), request: .getVringBase(index: 2)),
      Sample(
        type: .setVringKick, payload: VhostFrontEnd.bytes(UInt64(0x102)),
        request: .setVringKick(index: 2, hasDescriptor: false)),
      Sample(
        type: .setVringCall, payload: VhostFrontEnd.bytes(UInt64(2)),
        request: .setVringCall(index: 2, hasDescriptor: true)),
      Sample(
        type: .setVringError, payload: VhostFrontEnd.bytes(UInt64(0)),
        request: .setVringError(index: 0, hasDescriptor: true)),
      Sample(type: .getProtocolFeatures, payload: [], request: .getProtocolFeatures),
      Sample(
        type: .setProtocolFeatures, payload: VhostFrontEnd.bytes(UInt64(8)),
        request: .setProtocolFeatures(.replyAcknowledgement)),
      Sample(type: .getQueueCount, payload: [], request: .getQueueCount),
      Sample(
        type: .setVringEnable, payload: VhostFrontEnd.state(0, 1), request: .setVringEnable(index: 0, isEnabled: true)),
      Sample(
        type: .getConfiguration, payload: VhostFrontEnd.state(0, 64) + VhostFrontEnd.bytes(UInt32(0)),
        request: .getConfiguration(offset: 0, size: 64, flags: 0)),
      Sample(type: .resetDevice, payload: [], request: .resetDevice),
      Sample(type: .getMemorySlotCount, payload: [], request: .getMemorySlotCount),
      Sample(
        type: .addMemoryRegion, payload: VhostFrontEnd.bytes(UInt64(0)) + regionBytes, request: .addMemoryRegion(region)
      ),
      Sample(
        type: .removeMemoryRegion, payload: VhostFrontEnd.bytes(UInt64(0)) + regionBytes,
        request: .removeMemoryRegion(region)),
    ]
  }

  @Test func everyTypeHasASample() {
    #expect(Set(Sample.all.map(\.type)) == Set(RequestType.allCases).subtracting([.setConfiguration]))
  }

  @Test(arguments: Sample.all)
  func decodes(_ sample: Sample) throws {
    #expect(try Request(sample.type, payload: sample.payload.span) == sample.request)
  }

  @Test(arguments: Sample.all)
  func everyTruncationIsRefused(_ sample: Sample) {
    for count in 0..<sample.payload.count {
      let cut = Array(sample.payload.prefix(count))
      #expect(throws: Malformed.truncated, "first \(count) bytes") { _ = try Request(sample.type, payload: cut.span) }
    }
  }

  @Test(arguments: Sample.all)
  func aTrailingByteIsRefused(_ sample: Sample) {
    // What follows is the configuration space's bytes.
    guard sample.type != .getConfiguration else { return }
    let long = sample.payload + [0]
    #expect(throws: Malformed.trailing) { _ = try Request(sample.type, payload: long.span) }
  }

  @Test(arguments: [
    (UInt64(0), UInt64(0), UInt64(0), UInt64(0)), (.max, 2, 0, 0), (0, 2, .max, 0), (0, 2, 0, .max),
  ])
  func aRegionThatThereCantBeIsRefused(guest: UInt64, size: UInt64, user: UInt64, offset: UInt64) {
    let payload = VhostFrontEnd.bytes([0, guest, size, user, offset])
    #expect(throws: Malformed.value) { _ = try Request(.addMemoryRegion, payload: payload.span) }
  }

  @Test func nineRegionsAreRefused() {
    let payload = VhostFrontEnd.state(9, 0) + [UInt8](repeating: 1, count: 9 * 32)
    #expect(throws: Malformed.count) { _ = try Request(.setMemoryTable, payload: payload.span) }
  }

  @Test(arguments: [UInt32(0), 2, 3, 5, 13])
  func aHeaderOfAnotherVersionOrAReplyIsRefused(flags: UInt32) {
    let bytes = VhostFrontEnd.state(1, flags) + VhostFrontEnd.bytes(UInt32(0))
    #expect(throws: Malformed.value) { _ = try MessageHeader(bytes.span) }
  }

  @Test func aLargePayloadIsRefused() {
    let bytes = VhostFrontEnd.state(1, 1) + VhostFrontEnd.bytes(UInt32(269))
    #expect(throws: Malformed.length) { _ = try MessageHeader(bytes.span) }
  }
}
