/// How often a line of one kind may be logged: some at once, and then one now and then, whatever clients do.
package struct LogLimit: Sendable {
  /// Nanoseconds for which one line stands.
  private let interval: UInt64
  /// Nanoseconds that lines may be ahead of their time.
  private let ahead: UInt64
  /// When all earlier lines' time is over.
  private var next: UInt64 = 0
  private var suppressed = 0

  /// - Parameters:
  ///   - burst: how many at once; at least 1.
  ///   - interval: nanoseconds for each further one.
  package init(burst: Int = 10, interval: UInt64 = 1_000_000_000) {
    self.interval = interval
    ahead = interval * UInt64(clamping: burst - 1)
  }

  /// Whether there may be a line now.
  ///
  /// - Parameter now: a moment of `MonotonicTime`.
  /// - Returns: how many lines there weren't since the last one; nil where there may not be this one either.
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
