package import Linux
package import SystemPackage

/// The authority of a connection: as whom its requests are done.
///
/// Serving has one word for each kind of *who*:
/// - A **peer** is the process at the other end of a socket, with the user and group that the kernel reports for it
///   (`SO_PEERCRED`). A **client** is the program that speaks a protocol over a connection.
/// - A **user** is a number: a peer's ``PeerUser``, or the one that a request of a client names.
/// - An **identity** is a user and a group by which the kernel judges a thread's access to files.
/// - An **authority** is what a connection is given when it is admitted: to name any user, or to be one identity.
/// - An **owner** is the user and group of a file; a lock's owner is the process that holds it.
package enum Authority: Equatable, Sendable {
  /// Requests are done as the users that the client names: its kernel has checked what they may do, so the whole machine
  /// is trusted.
  case trusted
  /// Requests are done as this identity, whatever the client names. The serving thread must already act as it.
  case one(Identity)

  /// The identity that a request is done as.
  ///
  /// - Parameters:
  ///   - user: the user that the client names.
  ///   - gid: the group that the request names.
  /// - Returns: the owner of what the request creates.
  /// - Throws: `EINVAL` for the group -1.
  package func identity(user: UInt32, gid: UInt32) throws(Errno) -> Identity {
    switch self {
    case .trusted:
      // A client that names no user isn't root.
      try Identity(uid: user == .max ? Self.overflowUser : user, gid: gid)
    case .one(let identity): identity
    }
  }

  /// Tells whether a user that the client names has root's rights to the files. With one identity the kernel decides.
  package func isRoot(_ user: UInt32) -> Bool {
    self != .trusted || user == 0
  }

  /// The overflow uid: what the kernel reports for a user that has no number here.
  package static let overflowUser: UInt32 = 65_534
}
