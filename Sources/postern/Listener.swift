import Confinement
import Linux
import SystemPackage

/// Where clients are waited for.
struct Listener: ~Copyable {
  let socket: Descriptor
  /// Whether the socket is the only client's own.
  let isConnected: Bool
  /// Where the socket is.
  let address: SocketAddress

  /// Makes the socket, or takes the inherited one over.
  ///
  /// - Parameters:
  ///   - endpoint: where.
  ///   - mode: of a Unix socket's name.
  ///   - owner: whose that name is to be; nil where it stays this user's.
  /// - Throws: where there can't be a socket, with what to do instead.
  init(_ endpoint: Endpoint, mode: UInt32, owner: Identity?) throws(StartError) {
    let socket = try Self.open(endpoint, mode: mode, owner: owner)
    let address = try attempt("can't find out where the socket is") { () throws(Errno) in try socket.address() }
    let listens = try attempt("can't look at the socket") { () throws(Errno) in try socket.option(.listens) }
    if listens == 0 {
      // Whoever made it may have had another way of waiting.
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
    case .tcp(let host, let port): try listen(host, port)
    case .vsock(let port):
      try attempt("can't listen at vsock port \(port), which takes the kernel module vsock") { () throws(Errno) in
        try VsockSocket.listen(port: port)
      }
    case .descriptor(let number): try inherit(number)
    case .systemd: try inherit(try Activation.takeSocket())
    }
  }

  /// What a client's administrator types, for a shell. `name` is what the export is called, where it can't go without.
  func mountCommand(_ name: HostPath?) -> String {
    var transport = "trans=fd,rfdno=N,wfdno=N"
    var device = "postern"
    switch address {
    case .unix(let path?) where !isConnected:
      transport = "trans=unix"
      device = ShellWord.quoted(path.bytes)
    case .internet(let host, let port) where !isConnected:
      transport = "trans=tcp,port=\(port)"
      // Those two are every address of this host, and none to connect to.
      device = host == "0.0.0.0" || host == "::" ? "HOST" : host
    default: break
    }
    var options = Array("\(transport),version=9p2000.L,msize=1048576".utf8)
    if let name { options += Array(",aname=".utf8) + name.bytes.indices.map { name.bytes[$0] } }
    return "mount -t 9p -o \(ShellWord.quoted(options.span)) \(device) MOUNTPOINT"
  }

  /// Where it is, as `--listen` says it.
  var place: String {
    if isConnected { return "an inherited connection" }
    return switch address {
    case .unix(let path?): "unix:\(path)"
    case .internet(let host, let port): host.contains(":") ? "tcp:[\(host)]:\(port)" : "tcp:\(host):\(port)"
    case .vsock(_, let port): "vsock:\(port)"
    case .unix, .other: "an inherited socket"
    }
  }

  /// Whether the kernel tells who connects.
  var tellsPeers: Bool {
    if case .unix = address { true } else { false }
  }

  /// Whether only this user and root can connect, as far as the mode of the socket's name says it.
  func isReserved(for user: UInt32) -> Bool {
    // Whoever handed a connection over has chosen its other end.
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

  /// Whether every user of this host, or whoever reaches it, can connect.
  var isOpenToAll: Bool { !isConnected && !tellsPeers }

  /// The address that others than this host's processes can reach it at, if they can.
  var publicHost: String? {
    guard !isConnected, case .internet(let host, _) = address, !host.hasPrefix("127."), host != "::1" else {
      return nil
    }
    return host
  }

  /// Takes an inherited socket over.
  private static func inherit(_ number: CInt) throws(StartError) -> Descriptor {
    let socket = try inheritedStream(number)
    let isUsable = try attempt("can't look at descriptor \(number)") { () throws(Errno) in
      if try socket.option(.listens) != 0 { return true }
      return try socket.isConnected()
    }
    guard isUsable else { throw StartError("descriptor \(number) is a socket that neither listens nor is connected") }
    do throws(Errno) {
      try socket.noticeLostPeers()
    } catch {
      // It isn't TCP's, and the kernel sees where peers have gone.
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
      throw StartError("can't look at descriptor \(number): \(error)")
    }
    throw StartError("descriptor \(number) isn't a stream socket: \(advice)")
  }

  private static func listen(_ host: String, _ port: UInt16) throws(StartError) -> Descriptor {
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

  /// A socket of this name, in the place of one that nobody listens at any more.
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
      let isAnothers = owner.map { $0.uid != Process.uid } ?? false
      let advice =
        isAnothers && Process.uid != 0
        ? ": only root makes another's socket, so leave --socket-owner out" : SocketName.advice(error)
      throw StartError("can't listen at \"\(path)\": \(error)" + advice)
    }
  }
}
