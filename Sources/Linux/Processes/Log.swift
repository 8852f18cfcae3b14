internal import CLinux
internal import Glibc
internal import SystemPackage

/// A line for an operator, put together without `String`, whose machinery is a third of a small program's memory.
package struct LogLine: ~Copyable {
  private var storage: InlineArray<1024, UInt8> = .init(repeating: 0)
  private var count = 0

  package init(_ text: StaticString) {
    add(text)
  }

  init() {}

  /// Adds text. What is too much for a line is left out.
  package mutating func add(_ text: StaticString) {
    let bytes = unsafe Span(_unsafeStart: text.utf8Start, count: text.utf8CodeUnitCount)
    add(unsafe _overrideLifetime(bytes, copying: ()))
  }

  /// Adds bytes. Those that could end the line or drive a terminal become `?`.
  package mutating func add(_ bytes: Span<UInt8>) {
    for index in bytes.indices where count < storage.count {
      let byte = bytes[index]
      storage[count] = byte < 0x20 || byte == 0x7f ? UInt8(ascii: "?") : byte
      count += 1
    }
  }

  /// Adds capabilities' names.
  package mutating func add(_ capabilities: Capabilities) {
    var isFirst = true
    capabilities.forEachName {
      if !isFirst { add(",") }
      add($0)
      isFirst = false
    }
  }

  /// Adds a number in decimal digits.
  mutating func add(_ number: UInt32) {
    if number > 9 { add(number / 10) }
    let digit: InlineArray<1, UInt8> = [UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10)]
    add(digit.span)
  }

  /// Adds the line's end, in place of its last byte where it is full.
  fileprivate mutating func end() {
    count = min(count, storage.count - 1)
    storage[count] = 10
    count += 1
  }

  var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get { storage.span.extracting(first: count) }
  }
}

/// Where a service says what an operator should know: standard error, or the system log as a daemon.
///
/// Few lines in a service's life are worth one, and none of them is a request's.
package enum Log {
  /// How much a line matters, as `syslog(3)` ranks it.
  package enum Level: Sendable {
    case critical, warning, notice, info, debug

    /// - Note: greater numbers matter less.
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
  /// Whether standard error is systemd's journal, which takes a line's level from its beginning, `sd-daemon(3)`.
  private nonisolated(unsafe) static var isJournal = false

  /// Looks where standard error leads.
  ///
  /// - Parameters:
  ///   - ident: the program's name, which every line starts with.
  ///   - tag: what the system log calls it, a single word.
  package static func start(ident: StaticString, tag: StaticString) {
    unsafe Self.ident = ident
    unsafe Self.tag = tag
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

  /// Leaves lines out that matter less than this.
  package static func show(_ least: Level) {
    unsafe Self.least = least
  }

  /// From now on lines go to the system log too, with the process's number.
  ///
  /// `syslog(3)` would connect again if the log were restarted. Behind a sandbox `/dev/log` is the export's own, so this
  /// connects here, once; lines that then can't be sent are lost.
  package static func openSystemLog() {
    unsafe process = Process.identifierOnHost
    do throws(Errno) {
      unsafe systemLog = try UnixSocket.connectDatagram(path: HostPath("/dev/log")).release()
    } catch {
      // No system log here. Start-up still has standard error.
    }
  }

  /// Makes the connection to the system log again, if there is one: its socket is then of the network namespace that the
  /// process is in by now, and of no other use. Where that fails it stays as it is.
  package static func reopenSystemLog() {
    guard unsafe systemLog >= 0 else { return }
    do throws(Errno) {
      let socket = try UnixSocket.connectDatagram(path: HostPath("/dev/log")).release()
      _ = unsafe Descriptor(adopting: systemLog)
      unsafe systemLog = socket
    } catch {
      // It has gone, and lines would be lost in either way.
    }
  }

  /// From now on nobody reads standard error.
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
    if unsafe systemLog >= 0 { sendToSystemLog(level, message.bytes) }
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

  /// Sends a line in the form of RFC 3164, section 4.1, without a time: the system log knows when it came.
  private static func sendToSystemLog(_ level: Level, _ message: Span<UInt8>) {
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
