/// A time as `utimensat(2)` takes it.
public struct MonitorTime: Equatable, Sendable {
  /// Seconds since 1970.
  public let seconds: Int64
  /// Nanoseconds, or the host's `UTIME_NOW` or `UTIME_OMIT`.
  public let nanoseconds: Int64

  /// Creates a time of these two fields.
  public init(seconds: Int64, nanoseconds: Int64) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }
}
