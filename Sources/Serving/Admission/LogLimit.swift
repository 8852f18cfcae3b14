/// A rate limit for log lines of one kind: a burst at once, then one for each interval, whatever clients do.
package struct LogLimit: Sendable {
  /// Nanoseconds that one line takes up.
  private let interval: UInt64
  /// Nanoseconds by which lines may be ahead of their time.
  private let ahead: UInt64
  /// The time, in nanoseconds, when all lines so far are paid for.
  private var next: UInt64 = 0
  private var suppressed = 0

  /// Creates a limit.
  ///
  /// - Parameters:
  ///   - burst: the number of lines at once; at least 1.
  ///   - interval: nanoseconds for each further line.
  package init(burst: Int = 10, interval: UInt64 = 1_000_000_000) {
    self.interval = interval
    ahead = interval * UInt64(clamping: burst - 1)
  }

  /// Admits a line, or counts it as suppressed.
  ///
  /// - Parameter now: the time, by `MonotonicTime`.
  /// - Returns: the number of lines suppressed since the last one admitted; nil if this one is suppressed too.
  package mutating func admit(at now: UInt64) -> Int? {
    let start = max(next, now)
    guard start - now <= ahead else {
      suppressed += 1
      return nil
    }
    next = start + interval
    defer { suppressed = 0 }
    return suppressed
  }
}
