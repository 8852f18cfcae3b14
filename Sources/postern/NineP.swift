import ArgumentParser
import Confinement
import Linux

/// `postern 9p`.
struct NineP: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "9p",
    abstract: "Serves a directory by 9P2000.L, for `mount -t 9p`.",
    usage: "postern 9p --export DIR --listen ADDRESS [OPTIONS]",
    discussion: """
      A client says as whom its users act. It is believed where that gives it
      nothing new: over a Unix socket, if it is root or the user who runs this.
      Others on a Unix socket act as themselves. Over TCP and vsock nobody knows who
      connects, so say --trust or --squash. 9P has no encryption.

      EXAMPLES
        postern 9p --export /srv/share --listen unix:/run/share.sock
        postern 9p --export /srv/share --listen tcp:127.0.0.1:5640 --trust
        postern 9p --export /srv/public --listen tcp:0.0.0.0:5640 \\
          --squash 65534:65534 --readonly
      """)

  @Option(
    name: [.customLong("export"), .customShort("e")],
    help: .init("What to serve: [NAME=]DIR, also several.", valueName: "dir"),
    completion: .directory)
  var exports: [ExportedDirectory]

  @Option(
    name: [.long, .customShort("l")],
    help: .init("unix:PATH, tcp:[HOST:]PORT, vsock:PORT, fd:NUMBER or systemd.", valueName: "address"))
  var listen: Endpoint

  @Flag(help: "Let nobody change anything.")
  var readonly = false

  @Option(help: .init("Do everything as this user and group.", valueName: "uid:gid"))
  var squash: Squash?

  @Option(help: .init("CLIENT:HOST:COUNT of users; so --gid-map.", valueName: "map"))
  var uidMap: [MappedIds] = []

  @Option(help: .hidden)
  var gidMap: [MappedIds] = []

  @Option(help: .init("What becomes of mounts below.", valueName: "what"))
  var multidevs = MultipleDevices.remap

  @Flag(help: "Believe every client.")
  var trust = false

  @Option(help: .init("A Unix socket's mode.", valueName: "octal"))
  var socketMode = SocketMode(bits: 0o600)

  @Option(help: .init("How many clients at a time (default: 1024).", valueName: "count"))
  var maxClients: Int?

  @Flag(help: "Split off who speaks with clients; root's default.")
  var split = false

  @Flag(help: "Let one process do everything.")
  var inProcess = false

  @Option(help: .init("What keeps clients inside.", valueName: "kind"))
  var sandbox = SandboxChoice.auto

  @Option(help: .init("setcap by clients: allow or refuse.", valueName: "choice"))
  var fileCapabilities = FileCapabilitiesChoice.allow

  @Option(help: .init("What becomes of unexpected system calls.", valueName: "mode"))
  var seccomp = FilterChoice.kill

  /// How many clients there may be at a time, unless that is said.
  static let defaultClients = 1024

  /// Said where nothing says as whom clients' requests are to be done.
  static let unknownPeers =
    "Over TCP and vsock nobody knows who connects: say --squash UID:GID, or --trust to believe every client."

  /// Which of the host's users and groups the clients' are, as far as that was said.
  var map: IdentityMap { IdentityMap(users: uidMap.map(\.range), groups: gidMap.map(\.range)) }

  func validate() throws {
    for (index, export) in exports.enumerated() {
      if exports[..<index].contains(where: { $0.name == export.name }) {
        throw ValidationError("Two exports are called \"\(export.name)\": say --export NAME=DIR for one of them.")
      }
      if exports.count > 1, export.name.contains(",") {
        throw ValidationError("No mount option can say \"\(export.name)\": say --export NAME=DIR, without a comma.")
      }
    }
    if let maxClients, !(1...65_536).contains(maxClients) {
      throw ValidationError("--max-clients is 1 to 65536.")
    }
    try uidMap.validate("--uid-map")
    try gidMap.validate("--gid-map")
    if split, inProcess { throw ValidationError("--split and --in-process contradict each other.") }
    if trust, squash != nil { throw ValidationError("--trust and --squash contradict each other.") }
    if listen.hidesPeers, !trust, squash == nil {
      throw ValidationError(Self.unknownPeers)
    }
  }

  func run() throws {
    Log.start(ident: "postern")
    do throws(StartError) {
      try StartUp(self).run()
    } catch {
      Log.write(.critical, error.message)
      throw ExitCode.failure
    }
  }
}
