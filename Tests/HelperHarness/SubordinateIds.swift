import Glibc

/// The host's ids that the clients' users and groups from 1 on are, where an ordinary user who has such ids runs the tests.
package struct SubordinateIds: Sendable, Equatable {
  private let firstUser: UInt32
  private let firstGroup: UInt32

  /// nil for root, and for a user whom `/etc/subuid` and `/etc/subgid` grant none or who can't use them.
  package static let own: SubordinateIds? = {
    guard geteuid() != 0, access("/usr/bin/newuidmap", X_OK) == 0, let user = first(in: "/etc/subuid"),
      let group = first(in: "/etc/subgid")
    else { return nil }
    return SubordinateIds(firstUser: user, firstGroup: group)
  }()

  private static func first(in list: String) -> UInt32? {
    let name = unsafe getpwuid(geteuid()).map { unsafe String(cString: $0.pointee.pw_name) }
    for line in (readFile(list) ?? "").split(separator: "\n") {
      let fields: [Substring] = line.split(separator: ":")
      guard fields.count == 3, let holder = fields.first.map({ String($0) }) else { continue }
      if holder == name || holder == "\(geteuid())" { return UInt32(fields[1]) }
    }
    return nil
  }

  /// The host's number of a client's user.
  package func user(_ client: UInt32) -> UInt32 { client == 0 ? geteuid() : firstUser + client - 1 }

  /// The host's number of a client's group.
  package func group(_ client: UInt32) -> UInt32 { client == 0 ? getegid() : firstGroup + client - 1 }
}
