import Confinement
import ArgumentParser
import Linux

/// The program, whose subcommands do the work.
@main
struct Postern: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "postern",
    abstract: "Let guests and containers use a directory of this host, and nothing else of it.",
    version: "0.1.0",
    subcommands: [NineP.self, Proxy.self])

  static func main() {
    if Proxy.runIfAsked() { return }
    let words = CommandWords.all
    Log.start(ident: words.first == "9p" ? "postern 9p" : "postern", tag: "postern")
    let named = words.first == "help" ? words.dropFirst().first : words.first
    if let word = named, !word.hasPrefix("-"), !["9p", "proxy", "help"].contains(word) {
      Log.write(
        .critical, "there is no command \"\(word)\": say postern 9p or postern proxy; see postern --help")
      exit(withError: ExitCode.validationFailure)
    }
    do {
      var command = try parseAsRoot(words)
      try command.run()
    } catch {
      guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
      var reason = message(for: error)
      if reason.hasSuffix(".") { reason.removeLast() }
      let command = words.first == "9p" ? "postern 9p" : "postern"
      Log.write(
        .critical, reason.split(separator: "\n").joined(separator: " ") + "; see \(command) --help")
      exit(withError: ExitCode.validationFailure)
    }
  }
}
