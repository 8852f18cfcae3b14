/// The user at the other end of a connection, as far as connections are shared out among users.
package enum PeerUser: Hashable, Sendable {
  /// Root, or the user of this process.
  case privileged
  /// Another user.
  case user(UInt32)
  /// A user that the kernel can't tell, as over TCP.
  case unknown
}
