internal import CLinux
internal import Glibc

/// Where a service says what an operator should know: standard error, or `syslog(3)` as a daemon.
///
/// Few lines in a service's life are worth one, and none of them is a request's.
package enum Log {
  /// How much a line matters, as `syslog(3)` ranks it.
  package enum Level: Sendable {
    case critical, warning, notice

    fileprivate var priority: CInt {
      switch self {
      case .critical: LOG_CRIT
      case .warning: LOG_WARNING
      case .notice: LOG_NOTICE
      }
    }
  }

  // Set at start-up, while there is one thread.
  private nonisolated(unsafe) static var ident: StaticString = "postern"
  private nonisolated(unsafe) static var usesStandardError = true
  private nonisolated(unsafe) static var usesSystemLog = false

  /// The program's name, which every line starts with.
  package static func start(ident: StaticString) {
    unsafe Self.ident = ident
  }

  /// From now on lines go to the system log too, with the process's number.
  ///
  /// The connection is made at once: behind a sandbox there is no way to the log's socket.
  package static func openSystemLog() {
    // openlog keeps the pointer: a literal lives as long as the process.
    let name = unsafe UnsafeRawPointer(ident.utf8Start).assumingMemoryBound(to: CChar.self)
    unsafe openlog(name, LOG_PID | LOG_NDELAY, LOG_DAEMON)
    // Lines carry the local time, whose rules are a file too.
    tzset()
    unsafe usesSystemLog = true
  }

  /// From now on nobody reads standard error.
  package static func leaveStandardError() {
    unsafe usesStandardError = false
  }

  /// Writes one line.
  package static func write(_ level: Level, _ message: String) {
    if unsafe usesSystemLog { unsafe cl_syslog(level.priority, message) }
    if unsafe usesStandardError {
      var line = unsafe "\(ident): \(message)\n"
      line.withUTF8 { _ = unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
  }
}
