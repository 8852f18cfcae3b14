internal import CLinux
internal import Glibc
package import SystemPackage

/// Unix-domain sockets, `unix(7)`.
package enum UnixSocket {
  /// The most bytes of a socket's path: `sun_path` with a NUL.
  package static let maximumPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

  /// Makes a stream socket and binds it to a path of at most ``maximumPath`` bytes.
  ///
  /// The system calls are `socket` and `bind`.
  /// - Throws: `EADDRINUSE` if there is a file of this name.
  package static func bind(path: HostPath) throws(Errno) -> Descriptor {
    let socket = try make()
    try unsafe withAddress(path.bytes) { address, size throws(Errno) in
      _ = try unsafe valueOrErrno(Glibc.bind(socket.rawValue, address, size))
    }
    return socket
  }

  /// Binds a socket as ``bind(path:)`` does, as this owner: a later `chown` could hit another file that has the name by then.
  /// In a directory with a set-group-ID bit the group is the directory's.
  package static func bind(path: HostPath, owner: Identity) throws(Errno) -> Descriptor {
    try ThreadIdentity().acting(as: owner) { () throws(Errno) in try bind(path: path) }
  }

  /// Connects a stream socket to the one that listens at a path. The system calls are `socket` and `connect`.
  package static func connect(path: HostPath) throws(Errno) -> Descriptor {
    try connect(path: path.bytes)
  }

  /// Connects a stream socket to the one that listens at a path. The system calls are `socket` and `connect`.
  package static func connect(path: Span<UInt8>) throws(Errno) -> Descriptor {
    let socket = try make()
    try unsafe withAddress(path) { address, size throws(Errno) in
      _ = try unsafe valueOrErrno(Glibc.connect(socket.rawValue, address, size))
    }
    return socket
  }

  /// Returns true if no process has the socket of this name any more, without waiting. It is true of a file that isn't a
  /// socket, too.
  ///
  /// It connects a datagram socket. A stream socket would be a client: a helper takes the first for its only one, and ends
  /// with it. The system calls are `socket` and `connect`.
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

  /// Connects a datagram socket to the one at a path, or at an abstract name if the path begins with `@`.
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

  // The first byte of an abstract name is replaced by NUL.
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
    // The size delimits an abstract name.
    let size = isAbstract ? MemoryLayout<sa_family_t>.size + path.count : MemoryLayout<sockaddr_un>.size
    try unsafe withUnsafePointer(to: &address) { pointer throws(Errno) in
      let general = unsafe UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
      try unsafe body(general, socklen_t(size))
    }
  }
}
