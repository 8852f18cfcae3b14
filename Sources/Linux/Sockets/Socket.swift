internal import CLinux
internal import Glibc
package import SystemPackage

// Connected stream sockets.
extension Descriptor {
  /// Reads what has come, at least one byte. Descriptors that the peer sends beside it are closed by the kernel.
  ///
  /// The system call is `recv`.
  /// - Returns: bytes read; 0 where the peer has closed.
  /// - Throws: `EAGAIN` where nothing has come, unless it may wait.
  package borrowing func receive(
    into buffer: inout MutableSpan<UInt8>, waiting: Bool = true
  ) throws(Errno) -> Int {
    let flags = waiting ? 0 : CInt(MSG_DONTWAIT)
    return try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      try unsafe valueOrErrno(recv(rawValue, bytes.baseAddress, bytes.count, flags))
    }
  }

  /// Writes these bytes, all of them.
  ///
  /// The system call is `send`, repeated while the socket takes only a part.
  /// - Throws: `EPIPE` where the peer has closed; no signal comes.
  package borrowing func send(_ bytes: Span<UInt8>) throws(Errno) {
    var sent = 0
    while sent < bytes.count {
      let rest = bytes.extracting(droppingFirst: sent)
      sent += try unsafe rest.withUnsafeBufferPointer { rest throws(Errno) in
        try unsafe valueOrErrno(Glibc.send(rawValue, rest.baseAddress, rest.count, CInt(MSG_NOSIGNAL)))
      }
    }
  }

  /// Whether nothing can be sent any more. That the peer has closed is known of Unix-domain sockets; of others only when
  /// something was sent in vain.
  ///
  /// The system call is `send`, of nothing.
  package var isCutOff: Bool {
    Glibc.send(rawValue, nil, 0, CInt(MSG_NOSIGNAL)) < 0
  }

  /// Writes a few bytes and a descriptor in one message. The peer gets a descriptor of its own.
  ///
  /// The system call is `sendmsg` with `SCM_RIGHTS`, `unix(7)`.
  package borrowing func send(_ bytes: Span<UInt8>, with descriptor: borrowing Descriptor) throws(Errno) {
    let passed = descriptor.rawValue
    let sent = try unsafe bytes.withUnsafeBufferPointer { bytes throws(Errno) in
      try unsafe valueOrErrno(
        kernel: cl_send_descriptor(
          rawValue, bytes.baseAddress, bytes.count, passed, CInt(MSG_NOSIGNAL)))
    }
    // The descriptor travels with the first byte; the rest may lag.
    if sent < bytes.count { try send(bytes.extracting(droppingFirst: sent)) }
  }

  /// Whether the peer has received all that was sent. The system call is `ioctl(SIOCOUTQ)`.
  package borrowing func isAllReceived() throws(Errno) -> Bool {
    var count: CInt = 0
    _ = try unsafe valueOrErrno(kernel: cl_get_unreceived(rawValue, &count))
    return count == 0
  }

  /// Reads as ``receive(into:)`` does, and takes over a descriptor that came beside.
  ///
  /// The system call is `recvmsg`.
  package borrowing func receiveWithDescriptor(
    into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> (count: Int, descriptor: CInt?) {
    var descriptor: CInt = -1
    let count = try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      try unsafe valueOrErrno(
        kernel: cl_receive_descriptor(
          rawValue, bytes.baseAddress, bytes.count, &descriptor, CInt(MSG_CMSG_CLOEXEC)))
    }
    return (count, descriptor < 0 ? nil : descriptor)
  }
}

/// Unix-domain stream sockets: making and examining them.
package enum UnixSocket {
  /// The most bytes of a socket's path: `sun_path` also holds a NUL.
  package static let maximumPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

  /// A socket that has a path of at most ``maximumPath`` bytes, where nothing may be yet (`EADDRINUSE`).
  ///
  /// The system calls are `socket` and `bind`.
  package static func bind(path: HostPath) throws(Errno) -> Descriptor {
    let socket = try make()
    try unsafe withAddress(path.bytes) { address, size throws(Errno) in
      _ = try unsafe valueOrErrno(Glibc.bind(socket.rawValue, address, size))
    }
    return socket
  }

  /// As ``bind(path:)``, and the name is this owner's from the beginning: to give it to one afterwards would be to give away
  /// whatever has the name by then. It has the owner's group but in a directory with a set-group-ID bit.
  package static func bind(path: HostPath, owner: Identity) throws(Errno) -> Descriptor {
    try ThreadIdentity().acting(as: owner) { () throws(Errno) in try bind(path: path) }
  }

  /// A socket connected to the one that listens at a path. The system calls are `socket` and `connect`.
  package static func connect(path: HostPath) throws(Errno) -> Descriptor {
    try connect(path: path.bytes)
  }

  /// A socket connected to the one that listens at a path. The system calls are `socket` and `connect`.
  package static func connect(path: Span<UInt8>) throws(Errno) -> Descriptor {
    let socket = try make()
    try unsafe withAddress(path) { address, size throws(Errno) in
      _ = try unsafe valueOrErrno(Glibc.connect(socket.rawValue, address, size))
    }
    return socket
  }

  /// Whether no process has the socket of this name any more. It never waits.
  ///
  /// It asks by a socket of datagrams. One of streams would be a client: a helper takes the first for its only one, and ends
  /// with it. The system calls are `socket` and `connect`. They say the same of a file that is no socket.
  package static func isAbandoned(path: HostPath) -> Bool {
    do throws(Errno) {
      let socket = try make(SOCK_DGRAM)
      try unsafe withAddress(path.bytes) { address, size throws(Errno) in
        _ = try unsafe valueOrErrno(Glibc.connect(socket.rawValue, address, size))
      }
      return false
    } catch {
      return error == .connectionRefused
    }
  }

  /// A datagram socket connected to the one at a path, or to an abstract name where `@` comes first.
  ///
  /// The system calls are `socket` and `connect`.
  package static func connectDatagram(path: HostPath) throws(Errno) -> Descriptor {
    let socket = try make(SOCK_DGRAM)
    let isAbstract = path.bytes.count > 0 && path.bytes[0] == UInt8(ascii: "@")
    try unsafe withAddress(path.bytes, isAbstract: isAbstract) { address, size throws(Errno) in
      _ = try unsafe valueOrErrno(Glibc.connect(socket.rawValue, address, size))
    }
    return socket
  }

  private static func make(_ type: __socket_type = SOCK_STREAM) throws(Errno) -> Descriptor {
    let type = CInt(type.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    return Descriptor(adopting: try valueOrErrno(socket(AF_UNIX, type, 0)))
  }

  // `isAbstract`: whether it is an abstract name, of which the first byte is left out.
  private static func withAddress(
    _ path: Span<UInt8>, isAbstract: Bool = false,
    _ body: (UnsafePointer<sockaddr>, socklen_t) throws(Errno) -> Void
  ) throws(Errno) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.count <= maximumPath else { throw .fileNameTooLong }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { field in
      for index in path.indices { unsafe field[index] = path[index] }
      if isAbstract { unsafe field[0] = 0 }
    }
    // An abstract name has no end but its size's.
    let size = isAbstract ? MemoryLayout<sa_family_t>.size + path.count : MemoryLayout<sockaddr_un>.size
    try unsafe withUnsafePointer(to: &address) { pointer throws(Errno) in
      let general = unsafe UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
      try unsafe body(general, socklen_t(size))
    }
  }
}

extension Descriptor {
  /// The system call is `listen`, with room for so many waiting clients, if `net.core.somaxconn` isn't less.
  package borrowing func listen(waiting clients: CInt = 1) throws(Errno) {
    _ = try valueOrErrno(Glibc.listen(rawValue, clients))
  }

  /// The system call is `accept4`; it waits for a client.
  package borrowing func accept() throws(Errno) -> Descriptor {
    Descriptor(adopting: try valueOrErrno(accept4(rawValue, nil, nil, CInt(SOCK_CLOEXEC.rawValue))))
  }

  /// One of the socket's own numbers, such as `SO_TYPE`. The system call is `getsockopt`.
  package borrowing func option(_ option: SocketOption) throws(Errno) -> CInt {
    var value: CInt = 0
    var size = socklen_t(MemoryLayout<CInt>.size)
    _ = try unsafe valueOrErrno(getsockopt(rawValue, SOL_SOCKET, option.rawValue, &value, &size))
    return value
  }

  /// Whether the socket has a peer. The system call is `getpeername`.
  package borrowing func isConnected() throws(Errno) -> Bool {
    var address = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return try unsafe withUnsafeMutablePointer(to: &address) { pointer throws(Errno) in
      let general = unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
      do throws(Errno) {
        _ = try unsafe valueOrErrno(getpeername(rawValue, general, &size))
        return true
      } catch .socketNotConnected {
        return false
      }
    }
  }
}

extension CInt {
  /// As many waiting clients as the kernel has room for by default, `net.core.somaxconn`: all that come at once.
  package static let mostWaitingClients: CInt = 4096
}

/// What can be asked of a socket, `socket(7)`.
package enum SocketOption: Sendable {
  /// `SO_DOMAIN`, see ``unix``.
  case domain
  /// `SO_TYPE`, see ``stream``.
  case type
  /// `SO_ACCEPTCONN`: not 0 where it listens.
  case listens

  package static let unix = AF_UNIX
  package static let stream = CInt(SOCK_STREAM.rawValue)

  fileprivate var rawValue: CInt {
    switch self {
    case .domain: SO_DOMAIN
    case .type: SO_TYPE
    case .listens: SO_ACCEPTCONN
    }
  }
}
