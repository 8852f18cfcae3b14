import ArgumentParser
import Confinement
import Launch
import Linux

extension Span<UInt8> {
  fileprivate func contains(_ byte: UInt8) -> Bool { indices.contains { self[$0] == byte } }
}

/// `postern 9p`.
struct NineP: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "9p",
    abstract: "Serve a directory over 9P2000.L, for `mount -t 9p`.",
    usage: "postern 9p --export DIR --listen ADDRESS [OPTIONS]",
    discussion: """
      Each request of a client names a user. On a Unix socket root and the user who
      runs the server are trusted to name any; others act as themselves. TCP and
      vsock don't tell who connects: give --trust or --squash. 9P has no encryption.

      EXAMPLES
        postern 9p --export /srv/share --listen unix:/run/share.sock
        postern 9p -e /srv/share -l unix:/run/vm.sock --socket-owner USER --trust
        postern 9p -e /srv/public -l tcp:0.0.0.0:5640 --squash nobody --readonly
      """)

  @Option(
    name: [.customLong("export"), .customShort("e")],
    help: .init("The directory to serve, [NAME=]DIR; repeatable.", valueName: "dir"),
    completion: .directory, transform: { try ExportedDirectory(argument: $0) })
  var exports: [ExportedDirectory] = []

  @Option(
    name: [.customLong("listen"), .customShort("l")],
    help: .init("unix:PATH, vhost-user:PATH, tcp:PORT, vsock:PORT, fd:N", valueName: "address"),
    completion: Endpoint.completion, transform: { try ListenAddress(argument: $0) })
  var addresses: [ListenAddress] = []

  @Option(
    help: .init("The mount tag of the virtio-9p device (vhost-user).", valueName: "tag"),
    transform: { try MountTag(argument: $0) })
  var tag: MountTag?

  @Flag(help: "Wait for the next VMM when one has gone (vhost-user).")
  var keep = false

  @Flag(help: "Serve the export read-only.")
  var readonly = false

  @Option(
    help: .init("Do all requests as this user and group.", valueName: "user:group"),
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
    help: .init("The mode of the Unix socket (default: 0600).", valueName: "octal"),
    transform: { try SocketMode(argument: $0) })
  var socketMode: SocketMode?

  @Option(
    help: .init("The owner of the Unix socket, USER:GROUP.", valueName: "owner"),
    transform: { try Account(argument: $0) })
  var socketOwner: Account?

  @Option(
    help: .init("The most clients at a time (default: 1024).", valueName: "count"),
    transform: { try Self.clients($0) })
  var maxClients: Int?

  @Flag(help: "Serve from an unprivileged process (root's default).")
  var split = false

  @Flag(help: "Run as one process.")
  var inProcess = false

  @Option(help: .init("How clients are shut in.", valueName: "kind"))
  var sandbox = SandboxArgument.auto

  @Option(help: .init("On setcap.", valueName: "choice"))
  var fileCapabilities = FileCapabilitiesArgument.allow

  @Option(help: .init("The filter.", valueName: "mode"))
  var seccomp = FilterArgument.kill

  @Flag(name: .shortAndLong, help: "Log the limits too.")
  var verbose = false

  @Flag(name: .shortAndLong, help: "Log only warnings and failures.")
  var quiet = false

  /// Where clients connect.
  private var listen: Endpoint { addresses[0].endpoint }
  private var isVhostUser: Bool { addresses[0].isVhostUser }

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
    if isVhostUser {
      guard tag != nil else {
        throw ValidationError("--listen vhost-user:PATH takes --tag NAME, which the guest mounts.")
      }
    } else {
      if tag != nil { throw ValidationError("--tag goes with --listen vhost-user:PATH.") }
      if keep { throw ValidationError("--keep goes with --listen vhost-user:PATH.") }
    }
    if listen.hidesPeers, !trust, squash == nil {
      throw ValidationError(ServerDescription.unknownPeers)
    }
  }

  func run() throws {
    if verbose { Log.show(.debug) }
    if quiet { Log.show(.warning) }
    do throws(StartError) {
      if let tag {
        try ServerStartUp<VirtioNinePFrontEnd>.run(.init(server, frontEnd: VirtioNinePFrontEnd(frontEnd, tag: tag)))
      } else {
        try ServerStartUp<NinePFrontEnd>.run(.init(server, frontEnd: frontEnd))
      }
    } catch {
      Log.write(.critical, error.message)
      throw ExitCode.failure
    }
  }

  private var server: ServerDescription {
    var server = ServerDescription(exports: exports, endpoint: listen)
    if let socketMode { server.socketMode = socketMode.bits }
    server.socketOwner = socketOwner?.identity
    server.isReadOnly = readonly
    server.allowsFileCapabilities = fileCapabilities == .allow
    // A guest's kernel has checked what its users may, and the VMM is whom the socket's owner lets in.
    server.trustsAll = trust || isVhostUser && squash == nil
    server.endsWithClient = isVhostUser && !keep
    server.squash = squash?.identity
    server.map = IdentityMap(users: uidMap.map(\.range), groups: gidMap.map(\.range))
    server.mostClients = maxClients
    server.split = split ? .always : inProcess ? .never : .automatic
    server.sandbox = sandbox.choice
    server.filter = seccomp.mode
    return server
  }

  private var frontEnd: NinePFrontEnd {
    NinePFrontEnd(exports: exports.map(\.name), keepsToMount: multidevs == .forbid)
  }
}
