import ArgumentParser
import ProxyCommand

/// `postern proxy`: `virtfs-proxy-helper` as a subcommand, with its own command line.
struct Proxy: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve a directory to QEMU's -fsdev proxy, as virtfs-proxy-helper does.",
    usage: "postern proxy -p PATH {-s SOCKET -u USER -g GROUP | -f FD} [OPTION]...",
    discussion: "Its options are those of virtfs-proxy-helper(1): see postern proxy --help.")

  // For completion and help only: ``runIfAsked()`` reads the words, as bytes.

  @Option(
    name: [.long, .customShort("p")], help: .init("The directory to export.", valueName: "dir"),
    completion: .directory)
  var path: String

  @Option(
    name: [.long, .customShort("s")], help: .init("Listen on this socket for QEMU.", valueName: "socket"),
    completion: .file())
  var socket: String?

  @Option(name: [.long, .customShort("u")], help: .init("The user that QEMU runs as.", valueName: "user"))
  var uid: String?

  @Option(name: [.long, .customShort("g")], help: .init("The group that QEMU runs as.", valueName: "group"))
  var gid: String?

  @Option(name: [.long, .customShort("f")], help: .init("An inherited, connected socket.", valueName: "fd"))
  var fd: Int?

  @Flag(name: [.long, .customShort("n")], help: "Stay in the foreground.")
  var nodaemon = false

  @Flag(help: "Serve the export read-only.")
  var readonly = false

  @Option(
    help: .init("setcap in the guest: allow or refuse.", valueName: "what"), completion: .list(["allow", "refuse"]))
  var fileCapabilities: String?

  @Option(help: .init("Map users: GUEST:HOST:COUNT.", valueName: "map"))
  var uidMap: [String] = []

  @Option(help: .init("Map groups: GUEST:HOST:COUNT.", valueName: "map"))
  var gidMap: [String] = []

  @Option(
    help: .init("How QEMU is shut in.", valueName: "kind"),
    completion: .list(["auto", "namespace", "chroot", "none"]))
  var sandbox: String?

  @Option(help: .init("On unexpected system calls.", valueName: "mode"))
  var seccomp: FilterArgument?

  @Option(help: .init("How to wait for requests.", valueName: "how"), completion: .list(["auto", "never"]))
  var poll: String?

  /// Runs `postern proxy` where that is the command line, before ArgumentParser, which takes text only.
  ///
  /// - Returns: whether it is.
  static func runIfAsked() -> Bool {
    guard CommandLine.arguments.dropFirst().first == "proxy" else { return false }
    unsafe ProxyProgram.run(
      count: CommandLine.argc - 1, arguments: CommandLine.unsafeArgv + 1, as: "postern proxy",
      misuse: ExitCode.validationFailure.rawValue)
    return true
  }
}
