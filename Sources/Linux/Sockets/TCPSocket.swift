internal import CLinux
internal import Glibc
package import SystemPackage

/// TCP sockets, `tcp(7)`.
package enum TCPSocket {
  /// Makes a socket that listens at a numeric address of IPv4 or IPv6.
  ///
  /// Accepted connections inherit ``Descriptor/noticeLostPeers()``.
  ///
  /// The system calls are `socket`, `setsockopt`, `bind` and `listen`.
  /// - Throws: `EINVAL` if the text isn't an address.
  package static func listen(address: String, port: UInt16) throws(Errno) -> Descriptor {
    try unsafe withAddress(address, port: port) { family, address, size throws(Errno) in
      let socket = try make(family)
      // Binds even if connections of the port are in TIME_WAIT.
      try socket.set(SOL_SOCKET, option: SO_REUSEADDR, to: 1)
      try socket.noticeLostPeers()
      _ = try unsafe valueOrErrno(bind(socket.rawValue, address, size))
      try socket.listen(waiting: .mostWaitingClients)
      return socket
    }
  }

  /// Connects to a port at a numeric address of IPv4 or IPv6, and sends small packets at once.
  ///
  /// The system calls are `socket`, `setsockopt` and `connect`.
  /// - Throws: `EINVAL` if the text isn't an address.
  package static func connect(address: String, port: UInt16) throws(Errno) -> Descriptor {
    try unsafe withAddress(address, port: port) { family, address, size throws(Errno) in
      let socket = try make(family)
      try socket.noticeLostPeers()
      socket.sendWithoutDelay()
      _ = try unsafe valueOrErrno(Glibc.connect(socket.rawValue, address, size))
      return socket
    }
  }

  private static func make(_ family: CInt) throws(Errno) -> Descriptor {
    let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    return Descriptor(adopting: try valueOrErrno(Glibc.socket(family, type, 0)))
  }

  private static func withAddress(
    _ text: String, port: UInt16,
    _ body: (CInt, UnsafePointer<sockaddr>, socklen_t) throws(Errno) -> Descriptor
  ) throws(Errno) -> Descriptor {
    var version4 = sockaddr_in()
    if unsafe inet_pton(AF_INET, text, &version4.sin_addr) == 1 {
      version4.sin_family = sa_family_t(AF_INET)
      version4.sin_port = port.bigEndian
      return try unsafe withUnsafePointer(to: &version4) { pointer throws(Errno) in
        let general = unsafe UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
        return try unsafe body(AF_INET, general, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    var version6 = sockaddr_in6()
    guard unsafe inet_pton(AF_INET6, text, &version6.sin6_addr) == 1 else { throw .invalidArgument }
    version6.sin6_family = sa_family_t(AF_INET6)
    version6.sin6_port = port.bigEndian
    return try unsafe withUnsafePointer(to: &version6) { pointer throws(Errno) in
      let general = unsafe UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
      return try unsafe body(AF_INET6, general, socklen_t(MemoryLayout<sockaddr_in6>.size))
    }
  }
}

extension Descriptor {
  /// Ends a TCP connection, or those accepted by a listening socket, three minutes after the peer has vanished. Otherwise the
  /// peer's resources would be kept for ever.
  ///
  /// The system call is `setsockopt`.
  /// - Throws: `EOPNOTSUPP` if the socket isn't TCP's.
  package borrowing func noticeLostPeers() throws(Errno) {
    try set(SOL_SOCKET, option: SO_KEEPALIVE, to: 1)
    for (option, value) in [(TCP_KEEPIDLE, 60), (TCP_KEEPINTVL, 20), (TCP_KEEPCNT, 6)] as [(CInt, CInt)] {
      try set(CInt(IPPROTO_TCP), option: option, to: value)
    }
    // The same limit for bytes that the peer doesn't acknowledge, in milliseconds.
    try set(CInt(IPPROTO_TCP), option: TCP_USER_TIMEOUT, to: 180_000)
  }

  /// Sends small packets at once, if the socket is TCP's. The system call is `setsockopt(TCP_NODELAY)`.
  package borrowing func sendWithoutDelay() {
    do throws(Errno) {
      try set(CInt(IPPROTO_TCP), option: TCP_NODELAY, to: 1)
    } catch {
      // Other sockets don't delay packets.
    }
  }

  fileprivate borrowing func set(_ level: CInt, option: CInt, to value: CInt) throws(Errno) {
    var value = value
    _ = try unsafe valueOrErrno(
      setsockopt(rawValue, level, option, &value, socklen_t(MemoryLayout<CInt>.size)))
  }
}
