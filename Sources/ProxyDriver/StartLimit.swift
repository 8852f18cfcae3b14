/// How often a helper may be started: as systemd has it for services, so many times within so long.
///
/// A helper that dies of every request isn't started for each of them then, whoever repeats it.
struct StartLimit {
  /// Starts.
  static let count = 5
  /// Nanoseconds.
  static let interval: UInt64 = 10_000_000_000

  /// When the last ones were, the oldest at ``next``.
  private var times = InlineArray<5, UInt64?>(repeating: nil)
  private var next = 0

  /// Whether there may be another start now, which is counted then.
  mutating func permits(at now: UInt64) -> Bool {
    if let oldest = times[next], now - oldest < Self.interval { return false }
    times[next] = now
    next = (next + 1) % Self.count
    return true
  }
}
