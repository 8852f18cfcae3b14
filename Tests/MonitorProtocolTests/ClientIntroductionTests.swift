import HelperHarness
import MonitorProtocol
import Testing
import Wire

@Suite struct ClientIntroductionTests {
  private static let message: [UInt8] =
    [0] + Payload().d(1000).d(-2).q(0x0102_0304_0506_0708).bytes + Array("[::1]:564".utf8)

  @Test func decodesAndEncodesToTheByte() throws {
    let message = Self.message
    let introduction = try ClientIntroduction(message.span)
    let (isTrusted, uid, gid, number) = (
      introduction.isTrusted, introduction.uid, introduction.gid, introduction.number
    )
    #expect(!isTrusted && uid == 1000 && gid == 0xffff_fffe && number == 0x0102_0304_0506_0708)
    let peer = bytes(introduction.peer)
    #expect(peer == Array("[::1]:564".utf8))
    var buffer = [UInt8](repeating: 0xaa, count: ClientIntroduction.largest)
    var room = buffer.mutableSpan
    let count = try introduction.encode(into: &room)
    #expect(Array(buffer.prefix(count)) == message)
  }

  @Test(arguments: 0..<ClientIntroduction.fixedSize)
  func everyTruncationIsRefused(count: Int) {
    let cut = Array(Self.message.prefix(count))
    #expect(throws: Malformed.truncated) { _ = try ClientIntroduction(cut.span) }
  }

  @Test func isNotEncodedWhereThereIsNoRoom() throws {
    let message = Self.message
    let introduction = try ClientIntroduction(message.span)
    for room in 0..<message.count {
      var buffer = [UInt8](repeating: 0, count: room)
      var span = buffer.mutableSpan
      #expect(throws: Malformed.length, "\(room) bytes") { _ = try introduction.encode(into: &span) }
    }
  }
}
