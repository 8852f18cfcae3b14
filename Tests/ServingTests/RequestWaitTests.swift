import Testing

@testable import Serving

/// Which way of waiting for the next request wins, where the waits are known.
@Suite struct RequestWaitTests {
  /// Has this many requests waited for; a wait takes so many nanoseconds where it is slept, and where it is looked for.
  ///
  /// - Returns: how many of them were looked for.
  @discardableResult
  private func serve(_ wait: inout RequestWait, _ count: Int, sleeping: UInt64, looking: UInt64) -> Int {
    var looked = 0
    for _ in 0..<count {
      let looks = wait.looks > 0
      looked += looks ? 1 : 0
      wait.received(after: wait.isMeasuring ? (looks ? looking : sleeping) : 0, whileLooking: looks)
    }
    return looked
  }

  @Test func theSoonerWayIsKeptAndTheOtherHardlyTried() {
    var wait = RequestWait(.automatic)
    serve(&wait, 1000, sleeping: 9000, looking: 13_000)
    #expect(serve(&wait, 100_000, sleeping: 9000, looking: 13_000) < 1000, "on one CPU")
    serve(&wait, 20_000, sleeping: 40_000, looking: 20_000)
    #expect(serve(&wait, 100_000, sleeping: 40_000, looking: 20_000) > 99_000, "on different CPUs")
    serve(&wait, 20_000, sleeping: 9000, looking: 13_000)
    #expect(serve(&wait, 100_000, sleeping: 9000, looking: 13_000) < 1000, "and back")
  }

  @Test func whatHardlyPaysIsNotWorthTheProcessor() {
    var wait = RequestWait(.automatic)
    serve(&wait, 1000, sleeping: 10_000, looking: 9500)
    #expect(serve(&wait, 10_000, sleeping: 10_000, looking: 9500) < 500)
  }

  /// Looking would have the scheduler move the two apart.
  @Test func whoIsWokenAtOnceNeverLooks() {
    var wait = RequestWait(.automatic)
    #expect(serve(&wait, 100_000, sleeping: 9000, looking: 1000) == 0)
  }

  /// A client that thinks for long between requests is slept for, whatever one wait of an hour adds up to.
  @Test func seldomRequestsAreSleptFor() {
    var wait = RequestWait(.automatic)
    let hour: UInt64 = 3_600_000_000_000
    serve(&wait, 1000, sleeping: hour, looking: hour)
    #expect(serve(&wait, 10_000, sleeping: hour, looking: hour) < 500)
  }

  /// Looking in vain, the moment shrinks, until it pays again.
  @Test func whoLooksInVainLooksLess() {
    var wait = RequestWait(.automatic)
    serve(&wait, 4200, sleeping: 40_000, looking: 20_000)
    let most = wait.looks
    for _ in 0..<10 { wait.received(after: 0, whileLooking: false) }
    #expect(wait.looks < most / 16)
    #expect(wait.looks > 0)
  }

  @Test func theOperatorsWordHolds() {
    var never = RequestWait(.never)
    var always = RequestWait(.always(microseconds: 60))
    #expect(serve(&never, 1000, sleeping: 40_000, looking: 20_000) == 0)
    #expect(serve(&always, 1000, sleeping: 9000, looking: 13_000) == 1000)
    #expect(never.longestLook == nil)
    #expect(always.longestLook == 60_000)
    #expect(!never.isMeasuring && !always.isMeasuring)
  }
}
