import Glibc

/// Measures our helper against the original, and against what nobody can be faster than.
@main
enum HelperBench {
  static func main() {
    do throws(Failure) {
      let options = try Options(Array(CommandLine.arguments.dropFirst()))
      let all =
        switch options.suite {
        case .helper: try HelperSuite.run(options)
        case .guest: try GuestSuite.run(options)
        case .scale: try ScaleSuite.run(options)
        case .startup: try StartUpSuite.run(options)
        case .nineP: try NinePSuite.run(options)
        }
      try Record.write(all, options)
    } catch {
      say("bench: \(error)\n")
      exit(EXIT_FAILURE)
    }
  }

  /// Whatever else runs gets what is left of the CPUs. For the helpers too, which inherit it.
  static func takePriority() { _ = nice(-20) }
}

/// What is being done, for whoever watches: a line that is written over, or where that can't be one after the other.
func progress(_ text: String) {
  guard isatty(STDERR_FILENO) == 1 else {
    if !text.isEmpty { say("\(text)\n") }
    return
  }
  say("\r\u{1b}[K\(text)")
}

/// To standard error: what isn't the result.
func say(_ text: String) {
  _ = Array(text.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
