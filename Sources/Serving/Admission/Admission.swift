package import Linux
internal import SystemPackage

/// The rules by which peers are admitted, and with which authority.
///
/// A client names the user of each of its requests. To trust it is to give it every right of this process; so a client is
/// trusted only if its peer has these rights anyway, or the operator has said so.
package struct Admission: Sendable {
  /// Trusts all clients.
  package let trustsAll: Bool
  /// The identity that all requests of all clients are done as.
  package let squash: Identity?
  /// The identity of this process.
  package let own: Identity
  /// The kernel tells peers' users from each other. In an ordinary user's namespace it doesn't: all other users have the
  /// same number there. The socket's mode must then keep out all but root and this process's user.
  package let knowsPeers: Bool

  package init(trustsAll: Bool, squash: Identity?, own: Identity, knowsPeers: Bool = true) {
    self.trustsAll = trustsAll
    self.squash = squash
    self.own = own
    self.knowsPeers = knowsPeers
  }

  /// The authority of a peer's connection.
  ///
  /// - Parameter peer: the user and group at the other end of a Unix-domain socket; nil if the kernel can't tell.
  /// - Returns: nil if the peer isn't admitted.
  package func authority(of peer: (uid: UInt32, gid: UInt32)?) -> Authority? {
    // A process that isn't root can act as its own user only.
    let full: Authority = own.uid == 0 ? .trusted : .one(own)
    if let squash { return .one(squash) }
    if trustsAll { return full }
    guard let peer else { return nil }
    if !knowsPeers || peer.uid == 0 || peer.uid == own.uid { return full }
    // Only root can act as the peer's user.
    guard own.uid == 0 else { return nil }
    do throws(Errno) {
      return .one(try Identity(uid: peer.uid, gid: peer.gid))
    } catch {
      return nil
    }
  }

  /// The user that a peer's connection is counted for.
  package func user(of peer: (uid: UInt32, gid: UInt32)?) -> PeerUser {
    guard knowsPeers, let peer else { return .unknown }
    return peer.uid == 0 || peer.uid == own.uid ? .privileged : .user(peer.uid)
  }
}
