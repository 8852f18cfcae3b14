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
    subcommands: [NineP.self, Proxy.self, MountCommand.self])

  static func main() {
    if Proxy.runIfAsked() { return }
    let words = MountCommand.words(CommandWords.all)
    Log.start(ident: ident(words.first), tag: "postern")
    let named = words.first == "help" ? words.dropFirst().first : words.first
    if let word = named, !word.hasPrefix("-"), !["9p", "proxy", "mount", "help"].contains(word) {
      Log.write(
        .critical, "there is no command \"\(word)\": say postern 9p, proxy or mount; see postern --help")
      exit(withError: ExitCode.validationFailure)
    }
    do {
      var command = try parseAsRoot(words)
      try command.run()
    } catch {
      guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
      var reason = message(for: error)
      if reason.hasSuffix(".") { reason.removeLast() }
      Log.write(
        .critical, reason.split(separator: "\n").joined(separator: " ") + "; see \(ident(words.first)) --help")
      // mount(8) has a status of its own for this.
      exit(withError: words.first == "mount" ? ExitCode(1) : ExitCode.validationFailure)
    }
  }

  /// The program's name on the log, with that of the command that writes there.
  private static func ident(_ command: String?) -> StaticString {
    switch command {
    case "9p": "postern 9p"
    case "mount": "postern mount"
    default: "postern"
    }
  }
}
