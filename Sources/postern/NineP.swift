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
      Each request of a client names a user. On a Unix socket root and the user who
      runs the server are trusted to name any; others act as themselves. Over TCP and
      vsock nobody knows who connects: say --trust or --squash. 9P has no encryption.

      EXAMPLES
        postern 9p --export /srv/share --listen unix:/run/share.sock
        postern 9p -e /srv/share -l unix:/run/vm.sock --socket-owner USER --trust
        postern 9p -e /srv/public -l tcp:0.0.0.0:5640 --squash nobody --readonly
      """)

  @Option(
    name: [.customLong("export"), .customShort("e")],
    help: .init("What to serve: [NAME=]DIR, also several.", valueName: "dir"),
    completion: .directory, transform: { try ExportedDirectory(argument: $0) })
  var exports: [ExportedDirectory] = []

  @Option(
    name: [.customLong("listen"), .customShort("l")],
    help: .init("unix:PATH, tcp:[HOST:]PORT, vsock:PORT, fd:N, systemd.", valueName: "address"),
    completion: Endpoint.completion, transform: { try Endpoint(argument: $0) })
  var addresses: [Endpoint] = []

  @Flag(help: "Read-only: let nobody change anything.")
  var readonly = false

  @Option(
    help: .init("Do everything as this user and group.", valueName: "user:group"),
    transform: { try Account(argument: $0) })
  var squash: Account?

  @Option(
    help: .init("Map users: CLIENT:HOST:COUNT.", valueName: "map"), transform: { try MappedIds(argument: $0) })
  var uidMap: [MappedIds] = []

  @Option(
    help: .init("Map groups: CLIENT:HOST:COUNT.", valueName: "map"), transform: { try MappedIds(argument: $0) })
  var gidMap: [MappedIds] = []

  @Option(help: .init("Submounts.", valueName: "what"))
  var multidevs = MultipleDevices.remap

  @Flag(help: "Trust every client to name any user.")
  var trust = false

  @Option(
    help: .init("A Unix socket's mode (default: 0600).", valueName: "octal"),
    transform: { try SocketMode(argument: $0) })
  var socketMode: SocketMode?

  @Option(
    help: .init("Whose a Unix socket is, USER:GROUP.", valueName: "owner"),
    transform: { try Account(argument: $0) })
  var socketOwner: Account?

  @Option(
    help: .init("How many clients at a time (default: 1024).", valueName: "count"),
    transform: { try Self.clients($0) })
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
    "Over TCP and vsock nobody knows who connects: say --squash USER:GROUP, or --trust to let every client name any user."

  /// Which of the host's users and groups the clients' are, as far as that was said.
  var map: IdentityMap { IdentityMap(users: uidMap.map(\.range), groups: gidMap.map(\.range)) }

  /// Where clients come from.
  var listen: Endpoint { addresses[0] }

  /// The mode of a Unix socket's name.
  var mode: SocketMode { socketMode ?? SocketMode(bits: 0o600) }

  private static func clients(_ argument: String) throws -> Int {
    guard let count = Int(argument), (1...65_536).contains(count) else { throw Misuse("say a number from 1 to 65536") }
    return count
  }

  func validate() throws {
    if exports.isEmpty { throw ValidationError("Say which directory to serve: --export DIR.") }
    if addresses.isEmpty { throw ValidationError("Say where clients come from: --listen unix:PATH, for example.") }
    guard addresses.count == 1 else {
      throw ValidationError("--listen can be given once: start a server for each address.")
    }
    if verbose, quiet { throw ValidationError("--verbose and --quiet contradict each other.") }
    if case .unix = listen {
      // The server makes the socket.
    } else {
      if socketMode != nil { throw ValidationError("--socket-mode goes with --listen unix:PATH.") }
      if socketOwner != nil { throw ValidationError("--socket-owner goes with --listen unix:PATH.") }
    }
    for (index, export) in exports.enumerated() {
      if exports[..<index].contains(where: { $0.name == export.name }) {
        throw ValidationError("Two exports are called \"\(export.name)\": say --export NAME=DIR for one of them.")
      }
      if exports.count > 1, export.name.bytes.contains(UInt8(ascii: ",")) {
        throw ValidationError("No mount option can say \"\(export.name)\": say --export NAME=DIR, without a comma.")
      }
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
