internal import Glibc
package import SystemPackage

/// Ends the process at once, after reporting an error that makes it unsafe to go on.
package func die(_ stage: StaticString, error: Errno) -> Never {
  unsafe report(stage, error)
  _exit(1)
}

extension Process {
  /// Makes ``die(_:error:)`` report by `body` instead of a line on standard error. Call it while there is one thread.
  package static func reportFatalErrors(by body: @escaping @Sendable (StaticString, Errno) -> Void) {
    unsafe report = body
  }
}

// Set at start-up, while there is one thread.
private nonisolated(unsafe) var report: @Sendable (StaticString, Errno) -> Void = { stage, error in
  let line = Array("\(stage): \(error)\n".utf8)
  _ = unsafe write(STDERR_FILENO, line, line.count)
}
