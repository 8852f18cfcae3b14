internal import CLinux
package import SystemPackage

// The credentials of the peer of a Unix-domain socket, from when it connected or made the pair.
extension Descriptor {
  /// Returns the peer's user and group. The system call is `getsockopt(SO_PEERCRED)`.
  ///
  /// - Returns: nil if the socket is of another family.
  package borrowing func peer() throws(Errno) -> (uid: UInt32, gid: UInt32)? {
    guard try option(.domain) == SocketOption.unix else { return nil }
    var peer = cl_credentials()
    _ = try unsafe valueOrErrno(kernel: cl_get_peer(rawValue, &peer))
    return (peer.uid, peer.gid)
  }

  /// Reads the peer's supplementary groups. The system call is `getsockopt(SO_PEERGROUPS)`, Linux 4.13.
  package borrowing func readPeerGroups(into groups: inout [UInt32]) throws(Errno) {
    var room = 64
    while true {
      groups = [UInt32](repeating: 0, count: room)
      var size = UInt32(room * MemoryLayout<UInt32>.size)
      let result = unsafe cl_get_peer_groups(rawValue, &groups, &size)
      let count = Int(size) / MemoryLayout<UInt32>.size
      // The room was too small; the size is what the groups take.
      if result == -Int(ERANGE), room < count, count <= Self.mostGroups {
        room = count
        continue
      }
      _ = try valueOrErrno(kernel: result)
      groups.removeLast(groups.count - min(count, groups.count))
      return
    }
  }

  /// `NGROUPS_MAX`
  private static let mostGroups = 65_536
}
