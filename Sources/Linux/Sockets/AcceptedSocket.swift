internal import CLinux
internal import Glibc
package import SystemPackage

/// A connection that was accepted.
package struct AcceptedSocket: ~Copyable {
  private let socket: Descriptor
  /// The peer's address. The name of a Unix-domain peer is left out.
  package let peer: SocketAddress

  init(_ socket: consuming Descriptor, from peer: SocketAddress) {
    self.socket = socket
    self.peer = peer
  }

  /// Returns the socket.
  package consuming func keepSocket() -> Descriptor { socket }
}

extension Descriptor {
  /// Waits for a client and accepts it. The system call is `accept4`.
  package borrowing func acceptWithAddress() throws(Errno) -> AcceptedSocket {
    var address = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let (number, peer) = try unsafe withUnsafeMutablePointer(to: &address) { pointer throws(Errno) in
      let general = unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
      let number = try unsafe valueOrErrno(accept4(rawValue, general, &size, CInt(SOCK_CLOEXEC.rawValue)))
      // A path is never freed, so clients could use up memory by theirs.
      let isUnix = unsafe CInt(general.pointee.sa_family) == AF_UNIX
      return (
        number, isUnix ? SocketAddress.unix(nil) : unsafe SocketAddress(UnsafeRawPointer(pointer), size: Int(size))
      )
    }
    return AcceptedSocket(Descriptor(adopting: number), from: peer)
  }
}
