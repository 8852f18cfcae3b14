import ArgumentParser
import Confinement
import Linux

extension Span<UInt8> {
  fileprivate func contains(_ byte: UInt8) -> Bool { indices.contains { self[$0] == byte } }
}

/// `postern 9p`.
struct NineP: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "9p",
    abstract: "Serves a directory by 9P2000.L, for `mount -t 9p`.",
    usage: "postern 9p --export DIR --listen ADDRESS [OPTIONS]",
    discussion: """
      A client says as whom its users act. Believed are root, and the user who runs
      this, on a Unix socket. Others there act as themselves. Over TCP and vsock
      nobody knows who connects: say --trust or --squash. 9P has no encryption.

      EXAMPLES
        postern 9p --export /srv/share --listen unix:/run/share.sock
        postern 9p -e /srv/share -l unix:/run/vm.sock --socket-owner USER --trust
        postern 9p -e /srv/public -l tcp:0.0.0.0:5640 --squash nobody --readonly
      """)

  @Option(
    name: [.customLong("export"), .customShort("e")],
    help: .init("What to serve: [NAME=]DIR, also several.", valueName: "dir"),
    completion: .directory, transform: { try ExportedDirectory(argument: $0) })
  var exports: [ExportedDirectory]

  @Option(
    name: [.customLong("listen"), .customShort("l")],
    help: .init("unix:PATH, tcp:[HOST:]PORT, vsock:PORT, fd:N, systemd.", valueName: "address"),
    completion: Endpoint.completion, transform: { try Endpoint(argument: $0) })
  var addresses: [Endpoint]

  @Flag(help: "Read-only: let nobody change anything.")
  var readonly = false

  @Option(
    help: .init("Do everything as this user and group.", valueName: "user:group"),
    transform: { try Account(argument: $0) })
  var squash: Account?

  @Option(help: .init("Map users: CLIENT:HOST:COUNT.", valueName: "map"))
  var uidMap: [MappedIds] = []

  @Option(help: .init("Map groups: CLIENT:HOST:COUNT.", valueName: "map"))
  var gidMap: [MappedIds] = []

  @Option(help: .init("Submounts.", valueName: "what"))
  var multidevs = MultipleDevices.remap

  @Flag(help: "Believe every client.")
  var trust = false

  @Option(help: .init("A Unix socket's mode.", valueName: "octal"))
  var socketMode = SocketMode(bits: 0o600)

  @Option(
    help: .init("Whose a Unix socket is, USER:GROUP.", valueName: "owner"),
    transform: { try Account(argument: $0) })
  var socketOwner: Account?

  @Option(help: .init("How many clients at a time (default: 1024).", valueName: "count"))
  var maxClients: Int?

  @Flag(help: "Run as two processes, root's default.")
  var split = false

  @Flag(help: "Run as one process.")
  var inProcess = false

  @Option(help: .init("What keeps clients inside.", valueName: "kind"))
  var sandbox = SandboxChoice.auto

  @Option(help: .init("setcap by clients: allow or refuse.", valueName: "choice"))
  var fileCapabilities = FileCapabilitiesChoice.allow

  @Option(help: .init("What becomes of unexpected system calls.", valueName: "mode"))
  var seccomp = FilterChoice.kill

  @Flag(name: .shortAndLong, help: "Log the limits, too.")
  var verbose = false

  @Flag(name: .shortAndLong, help: "Log warnings and failures only.")
  var quiet = false

  /// How many clients there may be at a time, unless that is said.
  static let defaultClients = 1024

  /// Said where nothing says as whom clients' requests are to be done.
  static let unknownPeers =
    "Over TCP and vsock nobody knows who connects: say --squash USER:GROUP, or --trust to believe every client."

  /// Which of the host's users and groups the clients' are, as far as that was said.
  var map: IdentityMap { IdentityMap(users: uidMap.map(\.range), groups: gidMap.map(\.range)) }

  /// Where clients come from.
  var listen: Endpoint { addresses[0] }

  func validate() throws {
    guard addresses.count == 1 else {
      throw ValidationError("--listen can be given once: start a server for each address.")
    }
    if verbose, quiet { throw ValidationError("--verbose and --quiet contradict each other.") }
    if socketOwner != nil {
      guard case .unix = listen else { throw ValidationError("--socket-owner goes with --listen unix:PATH.") }
    }
    for (index, export) in exports.enumerated() {
      if exports[..<index].contains(where: { $0.name == export.name }) {
        throw ValidationError("Two exports are called \"\(export.name)\": say --export NAME=DIR for one of them.")
      }
      if exports.count > 1, export.name.bytes.contains(UInt8(ascii: ",")) {
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
    if verbose { Log.show(.debug) }
    if quiet { Log.show(.warning) }
    do throws(StartError) {
      var startUp = try StartUp(self)
      try startUp.run()
    } catch {
      Log.write(.critical, error.message)
      throw ExitCode.failure
    }
  }
}
