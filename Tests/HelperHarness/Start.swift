import Glibc

/// How a helper is started: how it shuts itself in, and whether as root or as an ordinary user.
package struct Start: Sendable, Equatable, CustomStringConvertible {
  package let sandbox: String
  package let isRootless: Bool

  package init(sandbox: String, isRootless: Bool) {
    self.sandbox = sandbox
    self.isRootless = isRootless
  }

  package var description: String { "\(sandbox), \(isRootless ? "rootless" : "as root")" }

  /// Every way that there is for whoever runs the tests. An ordinary user's tests leave out what needs root.
  package static var all: [Start] {
    let ways = ["namespace", "chroot"].flatMap {
      [Start(sandbox: $0, isRootless: false), Start(sandbox: $0, isRootless: true)]
    }
    return ways.filter { $0.isRootless || hasRoot() }
  }

  package static var rootless: [Start] { all.filter(\.isRootless) }

  /// The user and group that the helper runs as: nobody where that has to be an ordinary user and the tests run as root.
  package var user: uid_t { isRootless && geteuid() == 0 ? 65_534 : geteuid() }
  package var group: gid_t { isRootless && geteuid() == 0 ? 65_534 : getegid() }

  /// The host's user that a guest's is, with ``Subordinates`` for nobody.
  package func host(_ guest: UInt32) -> UInt32 {
    guard isRootless else { return guest }
    return guest == 0 ? user : Subordinates.first + guest - 1
  }

  /// Options that leave out the subordinate ids which an ordinary user who runs the tests may have or not.
  package var map: [String] {
    isRootless && user == geteuid() ? ["--uid-map", "0:\(user):1", "--gid-map", "0:\(group):1"] : []
  }

  /// Makes a tree the helper's own, as a user's share is.
  package func own(_ directory: String) throws {
    guard user != geteuid() else { return }
    try run("/bin/chown", ["-R", "-h", "\(user):\(group)", directory])
  }

  package static let helper = open(Programs.helper, O_RDONLY | O_CLOEXEC)
  package static let helperNumber: CInt = 9

  /// The program to start and its first words, before the helper's own options.
  ///
  /// It inherits ``helper`` as ``helperNumber``: whom the user becomes may not be allowed where the program lies.
  package func command(_ subordinates: Subordinates?) -> (program: String, words: [String]) {
    guard user != geteuid() else { return (Programs.helper, []) }
    let program = "/proc/self/fd/\(Self.helperNumber)"
    let change = ["--reuid=\(user)", "--regid=\(group)", "--clear-groups", "--inh-caps=-all", program]
    guard let subordinates else { return ("/usr/bin/setpriv", change) }
    let bind = "mount --bind \"$0\" /etc/subuid && mount --bind \"$0\" /etc/subgid && exec setpriv \"$@\""
    return ("/usr/bin/unshare", ["--mount", "/bin/sh", "-c", bind, subordinates.list.path] + change)
  }
}

/// Subordinate ids for nobody, in a mount namespace of the helper's own: the machine's lists stay as they are.
package struct Subordinates: Sendable {
  package static let first: UInt32 = 200_000
  /// Enough for the ids that the guest's checks use.
  package static let count: UInt32 = 4_294_000_000

  let list: TemporaryFile

  package init() throws {
    list = try TemporaryFile("65534:\(Self.first):\(Self.count)\n")
  }
}
