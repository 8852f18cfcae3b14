internal import CLinux
internal import Glibc
internal import Linux
internal import SystemPackage

/// The log of a service: standard error, or the system log in a daemon.
///
/// A service writes few lines in its life, and none for a request.
package enum Log {
  /// The level of a line, as `syslog(3)` ranks it.
  package enum Level: Sendable {
    case critical, warning, notice, info, debug

    /// Greater numbers are less important.
    fileprivate var priority: CInt {
      switch self {
      case .critical: LOG_CRIT
      case .warning: LOG_WARNING
      case .notice: LOG_NOTICE
      case .info: LOG_INFO
      case .debug: LOG_DEBUG
      }
    }
  }

  // Set at start-up, while there is one thread.
  private nonisolated(unsafe) static var ident: StaticString = "postern"
  private nonisolated(unsafe) static var usesStandardError = true
  private nonisolated(unsafe) static var systemLog: CInt = -1
  private nonisolated(unsafe) static var process: UInt32 = 0
  private nonisolated(unsafe) static var tag: StaticString = "postern"
  private nonisolated(unsafe) static var least = Level.info
  /// True if standard error is systemd's journal, which reads the level from the beginning of a line, `sd-daemon(3)`.
  private nonisolated(unsafe) static var isJournal = false

  /// Names the program and detects systemd's journal at standard error. A fatal error (``Linux/die(_:error:)``) is logged
  /// from here on.
  ///
  /// - Parameters:
  ///   - ident: the name that every line starts with.
  ///   - tag: the name in the system log, a single word.
  package static func start(ident: StaticString, tag: StaticString) {
    unsafe Self.ident = ident
    unsafe Self.tag = tag
    Process.reportFatalErrors { stage, error in write(.critical, "\(stage): \(error)") }
    var status = stat()
    guard let stream = Process.takeVariable("JOURNAL_STREAM"), unsafe fstat(STDERR_FILENO, &status) == 0 else {
      return
    }
    // "DEVICE:INODE" of the journal's socket.
    var numbers: InlineArray<2, UInt64> = .init(repeating: 0)
    var index = 0
    for position in stream.bytes.indices {
      let byte = stream.bytes[position]
      if byte == UInt8(ascii: ":"), index == 0 {
        index = 1
      } else {
        numbers[index] = numbers[index] &* 10 &+ UInt64(byte &- UInt8(ascii: "0"))
      }
    }
    unsafe isJournal = numbers[0] == UInt64(status.st_dev) && numbers[1] == UInt64(status.st_ino)
  }

  /// Leaves out lines below this level.
  package static func show(_ least: Level) {
    unsafe Self.least = least
  }

  /// Connects to the system log, which then gets every line as well, with the process id.
  ///
  /// `syslog(3)` would connect again if the log were restarted. In the sandbox `/dev/log` is the export's own, so this
  /// connects once, here; lines that can't be sent later are lost.
  package static func openSystemLog() {
    unsafe process = Process.identifierOnHost
    do throws(Errno) {
      unsafe systemLog = try UnixSocket.connectDatagram(path: HostPath("/dev/log")).release()
    } catch {
      // No system log here. Start-up still has standard error.
    }
  }

  /// Connects to the system log again, if it is connected, from the network namespace that the process is in now. If that
  /// fails, the old connection stays.
  package static func reopenSystemLog() {
    guard unsafe systemLog >= 0 else { return }
    do throws(Errno) {
      let socket = try UnixSocket.connectDatagram(path: HostPath("/dev/log")).release()
      _ = unsafe Descriptor(adopting: systemLog)
      unsafe systemLog = socket
    } catch {
      // The system log is gone: lines would be lost over either socket.
    }
  }

  /// Stops writing to standard error.
  package static func leaveStandardError() {
    unsafe usesStandardError = false
  }

  /// Writes one line.
  package static func write(_ level: Level, _ message: String) {
    var line = LogLine()
    line.add(message.utf8.span)
    write(level, line)
  }

  /// Writes one line.
  package static func write(_ level: Level, _ message: borrowing LogLine) {
    guard unsafe level.priority <= least.priority else { return }
    if unsafe systemLog >= 0 { sendToSystemLog(level, message: message.bytes) }
    guard unsafe usesStandardError else { return }
    var line = LogLine()
    if unsafe isJournal {
      line.add("<")
      line.add(UInt32(level.priority))
      line.add(">")
    }
    line.add(unsafe ident)
    line.add(": ")
    line.add(message.bytes)
    line.end()
    unsafe line.bytes.withUnsafeBufferPointer { bytes in
      _ = unsafe Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
    }
  }

  /// Sends a line in the form of RFC 3164, section 4.1, without a time: the system log adds it.
  private static func sendToSystemLog(_ level: Level, message: Span<UInt8>) {
    var line = LogLine("<")
    line.add(UInt32(LOG_DAEMON | level.priority))
    line.add(">")
    line.add(unsafe tag)
    line.add("[")
    line.add(unsafe process)
    line.add("]: ")
    line.add(message)
    unsafe line.bytes.withUnsafeBufferPointer { bytes in
      _ = unsafe send(systemLog, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
    }
  }
}
