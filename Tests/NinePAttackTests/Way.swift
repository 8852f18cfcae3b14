import Glibc
import HelperHarness
import Testing

/// What clients, and those who change the export meanwhile, try against the built `postern 9p`, which is started in every
/// way that there is.
///
/// The tests are one at a time: they watch processes, descriptors and what lies beside the export.
@Suite(.serialized) enum NinePAttackTests {
  /// Says why only some of each test's ways are there where that is so.
  @Suite struct WaysOfStartingTests {
    @Test(.enabled(if: hasRoot(), "needs root: servers of ordinary users alone are attacked without"))
    func rootsServersAreAttackedToo() {
      #expect(Way.all.count == 4 && Way.asRoot.count == 3)
    }
  }
}

/// How `postern 9p` is started.
struct Way: Sendable, Equatable, CustomStringConvertible {
  let description: String
  let options: [String]
  /// Whether an ordinary user starts it.
  var isOrdinary = false
  /// As whom all clients do things; nil where each request says as whom.
  var squash: UInt32?
  /// The host's ids that the clients' are, where they are others.
  var ids: SubordinateIds?

  /// Every way that there is for whoever runs the tests. An ordinary user's tests leave out what needs root.
  static let all = hasRoot() ? [root, split, squashed, ordinary] : [ordinary, ordinarySplit]
  static let asRoot = all.filter { !$0.isOrdinary }

  /// Clients are believed.
  static let root = Way(description: "as root", options: ["--sandbox", "namespace", "--in-process"])
  /// Split: a worker of no privilege speaks with clients.
  static let split = Way(description: "as root, split", options: ["--sandbox", "namespace", "--split"])
  static let squashed = Way(
    description: "as root, split and squashed", options: split.options + ["--squash", "1000:1000"], squash: 1000)
  static let ordinary = Way(
    description: "as an ordinary user", options: ["--sandbox", "namespace", "--in-process"], isOrdinary: true,
    squash: hasRoot() ? 65_534 : SubordinateIds.own == nil ? geteuid() : nil, ids: SubordinateIds.own)

  static let ordinarySplit = Way(
    description: "as an ordinary user, split", options: ["--sandbox", "namespace", "--split"], isOrdinary: true,
    squash: ordinary.squash, ids: ordinary.ids)

  /// With nothing around its own code.
  static let bare = Way(
    description: "without a sandbox", options: ["--sandbox", "none"], isOrdinary: !hasRoot(),
    squash: hasRoot() ? nil : geteuid())

  /// The user of the process.
  var user: uid_t { isOrdinary && geteuid() == 0 ? 65_534 : geteuid() }
  /// Who owns the export, so that clients may do anything there.
  var owner: uid_t { squash ?? 0 }

  /// The host's number of the user who does what a client's user asks for.
  func user(_ client: UInt32) -> UInt32 { squash ?? ids?.user(client) ?? client }
  /// The same of a group.
  func group(_ client: UInt32) -> UInt32 { squash ?? ids?.group(client) ?? client }

  /// - Parameter arguments: those of `postern`.
  func start(_ arguments: [String], output: Output) throws -> Spawned {
    guard user != geteuid() else { return try spawn(Programs.postern, arguments, output: output) }
    // Whom the user becomes may not be allowed where the program lies.
    let change = ["--reuid=\(user)", "--regid=\(user)", "--clear-groups", "--inh-caps=-all", "/proc/self/fd/9"]
    return try spawn(
      "/usr/bin/setpriv", change + arguments, inheriting: [(Self.program, 9)], output: output)
  }

  private static let program = open(Programs.postern, O_RDONLY | O_CLOEXEC)
}

let needsRoot: Comment = "needs root: the host's part can't be played without"
