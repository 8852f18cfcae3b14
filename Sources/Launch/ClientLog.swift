internal import Confinement
internal import Linux
internal import Serving
internal import Synchronization

/// Log lines about clients, so few of each kind that no client can flood the log.
enum ClientLog {
  enum Kind: Int {
    case connected, left
    /// A client that was refused.
    case refused
    /// A client whose connection ended otherwise than by its leaving.
    case failed

    fileprivate var level: Log.Level {
      switch self {
      case .connected, .left: .info
      case .refused, .failed: .warning
      }
    }
  }

  /// Writes a line, unless there were too many of the kind.
  static func write(_ kind: Kind, _ message: @autoclosure () -> String) {
    let now = MonotonicTime.now
    guard let suppressed = limits.withLock({ limits in limits[kind.rawValue].admit(at: now) }) else { return }
    Log.write(kind.level, message() + (suppressed == 0 ? "" : " (\(suppressed) lines like this were suppressed)"))
  }

  private static let limits = Mutex<InlineArray<4, LogLimit>>(.init(repeating: LogLimit()))
}
