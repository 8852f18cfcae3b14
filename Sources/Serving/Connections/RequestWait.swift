internal import Linux
package import SystemPackage

/// A connection's way of waiting for the next request: asleep, or polling for a moment.
///
/// If the client is on another processor, being woken up is most of the cost of a short request, and polling avoids it. If
/// both share a processor, or others want it, polling is in the way. The kernel doesn't tell which is the case, and it
/// changes with every decision of the scheduler. So it is measured: from time to time a few requests are waited for in
/// either way, and the faster one is kept. Polling makes the scheduler move the two apart, so it isn't tried at all while
/// sleepers are woken as fast as on one processor.
package struct RequestWait {
  /// The operator's choice.
  package enum Polling: Equatable, Sendable {
    /// Poll while that receives the next request sooner than being woken up.
    case automatic
    /// Sleep at once.
    case never
    /// Poll for this many microseconds, then sleep.
    case always(microseconds: UInt32)
  }

  private enum Way: Int {
    case sleeping, looking

    var other: Way { self == .sleeping ? .looking : .sleeping }
  }

  private static let leastLooks = 4
  // About 60 µs of recv and sched_yield, some more than a client needs for a round trip.
  private static let mostLooks = 128
  /// Requests of a trial, for each way, and how many of them only let the scheduler settle.
  private static let trial = 24
  private static let unmeasured = 8
  /// Requests between trials. It grows while they come out alike, so that trials cost next to nothing.
  private static let leastSettled = 256
  private static let mostSettled = 16384
  /// Nanoseconds. What takes longer isn't the way's doing, and must not outweigh the others.
  private static let longestWait: UInt64 = 100_000

  private let polling: Polling
  /// Nanoseconds. Nobody sleeps as short who is woken from another processor.
  private static let shortSleep: UInt64 = 15_000

  private var way = Way.sleeping
  /// The way that the last trial was for. During a trial `way` is what is being tried.
  private var settled = Way.sleeping
  private var isTrying = false
  /// Requests until the trial begins, or until it goes on with the other way or ends. The first comes late: the scheduler
  /// should have had time to bring the two together.
  private var left = 4096
  private var untilTrial = leastSettled
  private var waited: (sleeping: UInt64, looking: UInt64) = (0, 0)
  private var adaptiveLooks = leastLooks

  /// Creates the state of a new connection.
  package init(_ polling: Polling) {
    self.polling = polling
  }

  /// The number of times to poll before sleeping.
  var looks: Int {
    switch polling {
    case .automatic: way == .sleeping ? 0 : isTrying ? Self.mostLooks : adaptiveLooks
    case .never: 0
    case .always: .max
    }
  }

  /// Nanoseconds after which polling ends, if the operator has set them.
  var longestLook: UInt64? {
    guard case .always(let microseconds) = polling else { return nil }
    return UInt64(microseconds) * 1000
  }

  /// The duration of the wait is to be measured for ``received(after:whileLooking:)``.
  var isMeasuring: Bool { isTrying && left <= Self.trial - Self.unmeasured }

  /// The next request has come, `wait` nanoseconds after the last one was answered where that is measured.
  mutating func received(after wait: UInt64, whileLooking: Bool) {
    if way == .looking {
      // Looking in vain is what an idle helper must not do: the moment shrinks as requests come seldom.
      adaptiveLooks = whileLooking ? min(adaptiveLooks * 2, Self.mostLooks) : max(adaptiveLooks / 2, Self.leastLooks)
    }
    guard polling == .automatic else { return }
    if isMeasuring {
      let wait = min(wait, Self.longestWait)
      if way == .sleeping { waited.sleeping += wait } else { waited.looking += wait }
    }
    left -= 1
    if left == 0 { goOn() }
  }

  /// Begins a trial with the way that is kept, goes on with the other, or decides.
  private mutating func goOn() {
    let measured = UInt64(Self.trial - Self.unmeasured)
    if !isTrying {
      isTrying = true
      waited = (0, 0)
      left = Self.trial
    } else if way != settled {
      // What is hardly better isn't worth the processor's time.
      settle(on: waited.looking < waited.sleeping / 10 * 9 ? .looking : .sleeping)
    } else if settled == .sleeping, waited.sleeping < Self.shortSleep * measured {
      settle(on: .sleeping)
    } else {
      way = settled.other
      left = Self.trial
    }
  }

  private mutating func settle(on best: Way) {
    isTrying = false
    untilTrial = best == settled ? min(untilTrial * 2, Self.mostSettled) : Self.leastSettled
    settled = best
    way = best
    left = untilTrial
  }

  /// Waits in the way that receives the next request sooner.
  ///
  /// - Parameter receive: receives what has come. With false it mustn't wait, and throws `EAGAIN` where nothing has. It is
  ///   called again after a signal.
  /// - Returns: what `receive` returns.
  /// - Throws: what `receive` throws.
  package mutating func receive(
    _ receive: (_ waiting: Bool) throws(Errno) -> Int
  ) throws(Errno) -> Int {
    let longest = longestLook
    let began = isMeasuring || longest != nil ? MonotonicTime.now : 0
    var looks = looks
    while looks > 0 {
      // First, since nothing can have come before the client has seen its reply.
      Process.yield()
      do throws(Errno) {
        let read = try receive(false)
        received(after: isMeasuring ? MonotonicTime.now - began : 0, whileLooking: true)
        return read
      } catch .resourceTemporarilyUnavailable {
        looks -= 1
        if let longest, MonotonicTime.now - began > longest { break }
      }
    }
    while true {
      do throws(Errno) {
        let read = try receive(true)
        received(after: isMeasuring ? MonotonicTime.now - began : 0, whileLooking: false)
        return read
      } catch .interrupted {
        // A signal that is to end the process shuts the socket down, which the next try sees.
        continue
      }
    }
  }
}
