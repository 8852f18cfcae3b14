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
  init(_ endpoint: Endpoint, mode: UInt32) throws(StartError) {
    let socket = try Self.open(endpoint, mode: mode)
    let address = try attempt("can't find out where the socket is") { () throws(Errno) in try socket.address() }
    let listens = try attempt("can't look at the socket") { () throws(Errno) in try socket.option(.listens) }
    if listens == 0 {
      // Whoever made it may have had another way of waiting.
      try attempt("can't have the socket wait") { () throws(Errno) in
        try socket.setStatusFlags(OpenFlags(rawValue: 0))
      }
    }
    self.socket = socket
    self.address = address
    isConnected = listens == 0
  }

  private static func open(_ endpoint: Endpoint, mode: UInt32) throws(StartError) -> Descriptor {
    switch endpoint {
    case .unix(let path): try bind(path, mode: mode)
    case .tcp(let host, let port):
      try attempt("can't listen at \(host), port \(port)") { () throws(Errno) in
        try TCPSocket.listen(address: host, port: port)
      }
    case .vsock(let port):
      try attempt("can't listen at vsock port \(port), which takes the kernel module vsock") { () throws(Errno) in
        try VsockSocket.listen(port: port)
      }
    case .descriptor(let number): try inherit(number)
    case .systemd: try inherit(try Activation.takeSocket())
    }
  }

  /// What a client's administrator types. `name` is what the export is called, where it can't go without.
  func mountCommand(_ name: String?) -> String {
    let options = "version=9p2000.L,msize=1048576" + (name.map { ",aname=\($0)" } ?? "")
    return switch address {
    case .unix(let path?) where !isConnected: "mount -t 9p -o trans=unix,\(options) \(path) MOUNTPOINT"
    case .internet(let host, let port) where !isConnected:
      "mount -t 9p -o trans=tcp,port=\(port),\(options) \(host) MOUNTPOINT"
    default: "mount -t 9p -o trans=fd,rfdno=N,wfdno=N,\(options) postern MOUNTPOINT"
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

  /// The address that others than this host's processes can reach it at, if they can.
  var publicHost: String? {
    guard !isConnected, case .internet(let host, _) = address, !host.hasPrefix("127."), host != "::1" else {
      return nil
    }
    return host
  }

  /// Takes an inherited socket over.
  private static func inherit(_ number: CInt) throws(StartError) -> Descriptor {
    let socket = try attempt("descriptor \(number)") { () throws(Errno) in
      try Descriptor(adopting: number).movedFromStandardStreams()
    }
    let isStream = try attempt("descriptor \(number) isn't a socket") { () throws(Errno) in
      try socket.option(.type) == SocketOption.stream
    }
    guard isStream else { throw StartError("descriptor \(number) isn't a stream socket") }
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

  /// A socket of this name, in the place of one that nobody listens at any more.
  private static func bind(_ path: String, mode: UInt32) throws(StartError) -> Descriptor {
    let place = HostPath(lasting: path)
    Process.setUmask(0o777 & ~mode)
    return try attempt("can't listen at \"\(path)\"") { () throws(Errno) in
      if isAbandoned(place) { try SocketFile.remove(place) }
      let socket = try UnixSocket.bind(path: place)
      try socket.listen(waiting: .mostWaitingClients)
      return socket
    }
  }

  /// Whether a name is a socket's that has gone.
  private static func isAbandoned(_ path: HostPath) -> Bool {
    do throws(Errno) {
      _ = try UnixSocket.connect(path: path)
      return false
    } catch {
      return error == .connectionRefused
    }
  }
}
