package import Linux
internal import SystemPackage

/// Who may connect, and as whom.
///
/// A client says itself as whom each of its requests is to be done. To believe that is to give it every right that this
/// process has; so nobody is believed who wouldn't have them anyway, unless the operator has said so.
package struct Admission: Sendable {
  /// Whether all clients are believed.
  package let trustsAll: Bool
  /// As whom all requests of all clients are done.
  package let squash: Identity?
  /// Who serves.
  package let own: Identity
  /// Whether users at the other end can be told apart. In an ordinary user's namespace all others are the same number; so
  /// only this user and root may be able to connect there.
  package let knowsPeers: Bool

  package init(trustsAll: Bool, squash: Identity?, own: Identity, knowsPeers: Bool = true) {
    self.trustsAll = trustsAll
    self.squash = squash
    self.own = own
    self.knowsPeers = knowsPeers
  }

  /// As whom the requests of a peer are done.
  ///
  /// - Parameter peer: who is at the other end of a Unix-domain socket; nil where nobody can know.
  /// - Returns: nil for one who isn't let in.
  package func users(of peer: (uid: UInt32, gid: UInt32)?) -> Users? {
    // One who isn't root can't do anything as another.
    let believed: Users = own.uid == 0 ? .asClaimed : .one(own)
    if let squash { return .one(squash) }
    if trustsAll { return believed }
    guard let peer else { return nil }
    if !knowsPeers || peer.uid == 0 || peer.uid == own.uid { return believed }
    // Another's own rights are for root to give.
    guard own.uid == 0 else { return nil }
    do throws(Errno) {
      return .one(try Identity(uid: peer.uid, gid: peer.gid))
    } catch {
      return nil
    }
  }

  /// Whose a peer's connection is, among those that there may be.
  package func owner(of peer: (uid: UInt32, gid: UInt32)?) -> ConnectionOwner {
    guard knowsPeers, let peer else { return .unknown }
    return peer.uid == 0 || peer.uid == own.uid ? .privileged : .user(peer.uid)
  }
}
