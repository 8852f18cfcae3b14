import ArgumentParser
import ProxyCommand

/// `postern proxy`: `virtfs-proxy-helper` as a subcommand, with its own command line.
struct Proxy: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serves a directory to QEMU's -fsdev proxy, as virtfs-proxy-helper does.",
    usage: "postern proxy -p PATH {-s SOCKET -u USER -g GROUP | -f FD} [OPTION]...",
    discussion: "Its options are those of virtfs-proxy-helper(1): see postern proxy --help.")

  // For completion and for help. The words are read by ``runIfAsked()``, as bytes.

  @Option(
    name: [.long, .customShort("p")], help: .init("The directory to export.", valueName: "dir"),
    completion: .directory)
  var path: String

  @Option(
    name: [.long, .customShort("s")], help: .init("Make this socket, and wait for QEMU.", valueName: "socket"),
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

  @Flag(help: "Read-only: let nobody change anything.")
  var readonly = false

  @Option(
    help: .init("setcap in the guest: allow or refuse.", valueName: "what"), completion: .list(["allow", "refuse"]))
  var fileCapabilities: String?

  @Option(help: .init("Map users: GUEST:HOST:COUNT.", valueName: "map"))
  var uidMap: [String] = []

  @Option(help: .init("Map groups: GUEST:HOST:COUNT.", valueName: "map"))
  var gidMap: [String] = []

  @Option(
    help: .init("What keeps QEMU inside.", valueName: "kind"),
    completion: .list(["auto", "namespace", "chroot", "none"]))
  var sandbox: String?

  @Option(help: .init("What becomes of unexpected system calls.", valueName: "mode"))
  var seccomp: FilterChoice?

  @Option(help: .init("How to wait for requests.", valueName: "how"), completion: .list(["auto", "never"]))
  var poll: String?

  /// Runs it where it is the command line's first word, before anything else looks at the others: paths needn't be text.
  ///
  /// - Returns: whether it was.
  static func runIfAsked() -> Bool {
    guard CommandLine.arguments.dropFirst().first == "proxy" else { return false }
    unsafe ProxyProgram.run(
      count: CommandLine.argc - 1, arguments: CommandLine.unsafeArgv + 1, as: "postern proxy",
      misuse: ExitCode.validationFailure.rawValue)
    return true
  }
}
