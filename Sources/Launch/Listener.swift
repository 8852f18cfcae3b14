internal import Confinement
package import Linux
internal import SystemPackage

/// The socket that clients connect to, or an inherited connection of the only client.
package struct Listener: ~Copyable {
  let socket: Descriptor
  /// Whether the socket is the only client's connection.
  package let isConnected: Bool
  /// The socket's own address.
  package let address: SocketAddress

  /// Makes the socket, or takes the inherited one over.
  ///
  /// - Parameters:
  ///   - endpoint: where clients connect.
  ///   - mode: the mode of a Unix-domain socket's name.
  ///   - owner: the owner of that name; nil for this user.
  /// - Throws: why there can't be such a socket, and what to do instead.
  init(_ endpoint: Endpoint, mode: UInt32, owner: Identity?) throws(StartError) {
    let socket = try Self.open(endpoint, mode: mode, owner: owner)
    let address = try attempt("can't read the socket's address") { () throws(Errno) in try socket.address() }
    let listens = try attempt("can't read the socket's options") { () throws(Errno) in try socket.option(.listens) }
    if listens == 0 {
      // Whoever made it may have set O_NONBLOCK.
      try attempt("can't make the socket blocking") { () throws(Errno) in
        try socket.setStatusFlags(OpenFlags(rawValue: 0))
      }
    }
    self.socket = socket
    self.address = address
    isConnected = listens == 0
  }

  private static func open(
    _ endpoint: Endpoint, mode: UInt32, owner: Identity?
  ) throws(StartError) -> Descriptor {
    switch endpoint {
    case .unix(let path): try bind(path, mode: mode, owner: owner)
    case .tcp(let host, let port): try listen(host, port: port)
    case .vsock(let port):
      try attempt("can't listen at vsock port \(port), which takes the kernel module vsock") { () throws(Errno) in
        try VsockSocket.listen(port: port)
      }
    case .descriptor(let number): try inherit(number)
    case .systemd: try inherit(try Activation.takeSocket())
    }
  }

  /// The address in the words of ``Endpoint``.
  package var place: String {
    if isConnected { return "an inherited connection" }
    return switch address {
    case .unix(let path?): "unix:\(path)"
    case .internet(let host, let port): host.contains(":") ? "tcp:[\(host)]:\(port)" : "tcp:\(host):\(port)"
    case .vsock(_, let port): "vsock:\(port)"
    case .unix, .other: "an inherited socket"
    }
  }

  /// Whether the kernel tells the user who connects.
  package var tellsPeers: Bool {
    if case .unix = address { true } else { false }
  }

  /// Whether only this user and root can connect, by the mode of the socket's name.
  func isReserved(for user: UInt32) -> Bool {
    // The launcher has chosen the other end of a connection.
    if isConnected { return true }
    guard case .unix(let path?) = address else { return false }
    do throws(Errno) {
      let status = try SocketFile.status(path)
      // Connecting takes the permission to write, unix(7).
      return status.mode & 0o022 == 0 && (status.uid == user || status.uid == 0)
    } catch {
      return false
    }
  }

  /// Whether every user of this host, or everybody who reaches it, can connect.
  var isOpenToAll: Bool { !isConnected && !tellsPeers }

  /// The address at which other hosts can reach it; nil where they can't.
  var publicHost: String? {
    guard !isConnected, case .internet(let host, _) = address, !host.hasPrefix("127."), host != "::1" else {
      return nil
    }
    return host
  }

  /// Takes an inherited socket over.
  private static func inherit(_ number: CInt) throws(StartError) -> Descriptor {
    let socket = try inheritedStream(number)
    let isUsable = try attempt("can't read the options of descriptor \(number)") { () throws(Errno) in
      if try socket.option(.listens) != 0 { return true }
      return try socket.isConnected()
    }
    guard isUsable else { throw StartError("descriptor \(number) is a socket that neither listens nor is connected") }
    do throws(Errno) {
      try socket.noticeLostPeers()
    } catch {
      // It isn't of TCP: the kernel knows when the peer has gone.
    }
    return socket
  }

  private static func inheritedStream(_ number: CInt) throws(StartError) -> Descriptor {
    let advice = "it takes an inherited stream socket"
    do throws(Errno) {
      let socket = try Descriptor(adopting: number).movedFromStandardStreams()
      if try socket.option(.type) == SocketOption.stream { return socket }
    } catch .badFileDescriptor {
      throw StartError("descriptor \(number) isn't open: \(advice)")
    } catch .notSocket {
      throw StartError("descriptor \(number) isn't a socket: \(advice)")
    } catch {
      throw StartError("can't read the options of descriptor \(number): \(error)")
    }
    throw StartError("descriptor \(number) isn't a stream socket: \(advice)")
  }

  private static func listen(_ host: String, port: UInt16) throws(StartError) -> Descriptor {
    do throws(Errno) {
      return try TCPSocket.listen(address: HostNames.address(of: host) ?? host, port: port)
    } catch .invalidArgument {
      throw StartError(
        "can't listen at \(host), port \(port): it is no address, and no name in /etc/hosts: give the numeric address")
    } catch {
      let advice =
        switch error {
        case .addressInUse: ": another program listens there: end it, or choose another port"
        case .addressNotAvailable: ": give an address that this host has"
        case .permissionDenied: ": user \(Process.uid) may not listen at this port: choose one from 1024 on"
        default: ""
        }
      throw StartError("can't listen at \(host.contains(":") ? "[\(host)]" : host), port \(port): \(error)" + advice)
    }
  }

  /// Listens on a socket of this name, which replaces one that nobody listens on any more.
  private static func bind(_ path: HostPath, mode: UInt32, owner: Identity?) throws(StartError) -> Descriptor {
    try SocketName.clear(path)
    Process.setUmask(0o777 & ~mode)
    let socket = try make(path, owner: owner)
    try attempt("can't listen at \"\(path)\"") { () throws(Errno) in
      try socket.listen(waiting: .mostWaitingClients)
    }
    return socket
  }

  private static func make(_ path: HostPath, owner: Identity?) throws(StartError) -> Descriptor {
    do throws(Errno) {
      guard let owner else { return try UnixSocket.bind(path: path) }
      return try UnixSocket.bind(path: path, owner: owner)
    } catch {
      let isForeign = owner.map { $0.uid != Process.uid } ?? false
      let advice =
        isForeign && Process.uid != 0
        ? ": only root can make another user's socket, so leave --socket-owner out" : SocketName.advice(error)
      throw StartError("can't listen at \"\(path)\": \(error)" + advice)
    }
  }
}
