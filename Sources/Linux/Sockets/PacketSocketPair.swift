internal import CLinux
internal import Glibc
package import SystemPackage

/// Two connected sockets of packets: the bytes and descriptors of one send are received by one call.
package struct PacketSocketPair: ~Copyable {
  private var one: Descriptor?
  private var other: Descriptor?

  /// Makes the pair. The system call is `socketpair(SOCK_SEQPACKET)`, `unix(7)`.
  package init() throws(Errno) {
    var ends: [CInt] = [-1, -1]
    let type = CInt(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue)
    _ = try unsafe valueOrErrno(socketpair(AF_UNIX, type, 0, &ends))
    one = Descriptor(adopting: ends[0])
    other = Descriptor(adopting: ends[1])
  }

  /// Takes an end; nil if both are taken.
  package mutating func takeEnd() -> Descriptor? { one.take() ?? other.take() }
}
