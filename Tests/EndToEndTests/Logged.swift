import Glibc
import HelperHarness

/// What went wrong with the rig itself, in words.
struct RigError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// A process that a test started, and what it writes, of both kinds.
struct Logged {
  let process: Spawned
  let name: String
  private let log: Output

  /// Starts a program without input.
  ///
  /// `descriptors` names what it inherits beyond the three: its number there, and ours.
  init(
    _ program: String, _ arguments: [String], environment: [String: String] = [:],
    descriptors: [(there: CInt, here: CInt)] = []
  ) throws {
    log = try Output()
    let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
    defer { close(nothing) }
    name = program
    process = try spawn(
      program, arguments, inheriting: [(nothing, 0)] + descriptors.map { (from: $0.here, to: $0.there) }, output: log,
      environment: environment)
  }

  /// Waits for the end and returns the exit status (128 and the signal's number for a death by signal, as shells say
  /// it).
  func status(within seconds: Double) throws -> CInt {
    guard let status = process.wait(seconds: seconds) else {
      throw RigError("\(name) didn't end within \(Int(seconds)) s; the end of its output:\n\(tail)")
    }
    return status
  }

  var output: String { log.text }

  /// The last lines of its output.
  var tail: String {
    output.split(separator: "\n").suffix(25).joined(separator: "\n")
  }
}
