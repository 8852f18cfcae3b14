import ArgumentParser
import ProxyCommand

/// `postern proxy`: `virtfs-proxy-helper` as a subcommand, with its own command line.
struct Proxy: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serves a directory to QEMU's -fsdev proxy, as virtfs-proxy-helper does.",
    usage: "postern proxy -p PATH {-s SOCKET -u UID -g GID | -f FD} [OPTION]...",
    discussion: "The options are virtfs-proxy-helper's: see postern proxy --help.")

  /// For completion and for help. The words are read by ``runIfAsked()``, as bytes.
  @Argument(parsing: .captureForPassthrough, help: .hidden, completion: .file())
  var options: [String] = []

  /// Runs it where it is the command line's first word, before anything else looks at the others: paths needn't be text.
  ///
  /// - Returns: whether it was.
  static func runIfAsked() -> Bool {
    guard CommandLine.arguments.dropFirst().first == "proxy" else { return false }
    unsafe ProxyProgram.run(count: CommandLine.argc - 1, arguments: CommandLine.unsafeArgv + 1)
    return true
  }
}
