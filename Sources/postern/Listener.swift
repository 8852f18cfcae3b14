import Confinement
import Linux
import SystemPackage

/// Where clients are waited for.
struct Listener: ~Copyable {
  let socket: Descriptor
  /// Whether the socket is the only client's own.
  let isConnected: Bool
  /// What a client's administrator types.
  let mountCommand: String

  /// Makes the socket, or takes the inherited one over.
  init(_ endpoint: Endpoint, mode: UInt32) throws(StartError) {
    let options = "version=9p2000.L,msize=1048576"
    switch endpoint {
    case .unix(let path):
      socket = try Self.bind(path, mode: mode)
      isConnected = false
      mountCommand = "mount -t 9p -o trans=unix,\(options) \(path) MOUNTPOINT"
    case .tcp(let host, let port):
      let socket = try attempt("can't listen at \(host), port \(port)") { () throws(Errno) in
        try TCPSocket.listen(address: host, port: port)
      }
      let port = try attempt("can't listen at \(host)") { () throws(Errno) in try socket.port() }
      self.socket = socket
      isConnected = false
      mountCommand = "mount -t 9p -o trans=tcp,port=\(port),\(options) \(host) MOUNTPOINT"
    case .descriptor(let number):
      let socket = try attempt("descriptor \(number)") { () throws(Errno) in
        try Descriptor(adopting: number).movedFromStandardStreams()
      }
      isConnected = try attempt("descriptor \(number) isn't a socket") { () throws(Errno) in
        try socket.option(.listens) == 0
      }
      self.socket = socket
      mountCommand = "mount -t 9p -o trans=fd,rfdno=N,wfdno=N,\(options) postern MOUNTPOINT"
    }
  }

  /// A socket of this name, in the place of one that nobody listens at any more.
  private static func bind(_ path: String, mode: UInt32) throws(StartError) -> Descriptor {
    let place = HostPath(lasting: path)
    Process.setUmask(0o777 & ~mode)
    return try attempt("can't listen at \"\(path)\"") { () throws(Errno) in
      if isAbandoned(place) { try SocketFile.remove(place) }
      let socket = try UnixSocket.bind(path: place)
      try socket.listen(waiting: 16)
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
