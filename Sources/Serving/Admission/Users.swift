package import Linux
package import SystemPackage

/// As whom a connection's requests are done.
package enum Users: Equatable, Sendable {
  /// As whom the client says. Its kernel has checked what its users may, so that a whole machine is trusted.
  case asClaimed
  /// As this one, whatever the client says. The thread that serves must be this user's.
  case one(Identity)

  /// Who owns what the user of an attach makes.
  ///
  /// - Throws: `EINVAL` for the group -1.
  package func owner(user: UInt32, gid: UInt32) throws(Errno) -> Identity {
    switch self {
    case .asClaimed:
      // One who doesn't say who he is isn't root.
      try Identity(uid: user == .max ? Self.nobody : user, gid: gid)
    case .one(let identity): identity
    }
  }

  /// Whether a client's user is root to the files. Where all are one, the kernel knows who that is.
  package func isRoot(_ user: UInt32) -> Bool {
    self != .asClaimed || user == 0
  }

  /// The kernel's own number for whom there is no number for.
  package static let nobody: UInt32 = 65_534
}
