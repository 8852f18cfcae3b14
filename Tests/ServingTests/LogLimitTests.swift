import Serving
import Testing

/// The number of lines that are logged of one kind.
@Suite("Log limit")
struct LogLimitTests {
  @Test("lines come ten at once and then one a second, and say how many didn't")
  func log() {
    let second: UInt64 = 1_000_000_000
    var limit = LogLimit()
    var now = 5 * second
    #expect((0..<1000).count { _ in limit.admit(at: now) == 0 } == 10)
    now += second / 2
    #expect(limit.admit(at: now) == nil)
    now += second / 2
    #expect(limit.admit(at: now) == 991)
    #expect(limit.admit(at: now) == nil)
    now += 3 * second
    #expect([limit.admit(at: now), limit.admit(at: now), limit.admit(at: now)] == [1, 0, 0])
    #expect(limit.admit(at: now) == nil)
    now += 1000 * second
    #expect((0..<1000).count { _ in limit.admit(at: now) != nil } == 10)
  }
}
