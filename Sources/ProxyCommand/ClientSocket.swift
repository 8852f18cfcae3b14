import Confinement
import Linux
import SystemPackage

/// The connection of the only client, or the socket that it is to connect to.
struct ClientSocket: ~Copyable {
  /// Connected, or listening where it has a name.
  private let socket: Descriptor
  private let file: SocketFile?

  /// Takes over the inherited socket, or makes the named one.
  init(_ connection: Options.Connection) throws(StartError) {
    switch connection {
    case .descriptor(let number):
      socket = try attempt("descriptor \(number)") { () throws(Errno) in
        try Descriptor(adopting: number).movedFromStandardStreams()
      }
      file = nil
    case .socket(let path, let uid, let gid):
      // Nobody but the owner may connect, also before the group is set.
      Process.setUmask(0o007)
      try SocketName.clear(path)
      let socket = try Self.bind(path, uid: uid, gid: gid)
      let file = try attempt("socket \"\(path)\"") { () throws(Errno) in try SocketFile(path) }
      try attempt("chown \"\(path)\" to \(uid):\(gid)") { () throws(Errno) in
        try file.give(to: try Identity(uid: uid, gid: gid))
      }
      try attempt("listen on \"\(path)\"") { () throws(Errno) in try socket.listen() }
      self.socket = socket
      self.file = consume file
    }
  }

  /// Makes the socket as its owner.
  private static func bind(_ path: HostPath, uid: UInt32, gid: UInt32) throws(StartError) -> Descriptor {
    do throws(Errno) {
      // An ordinary user can't make it as another group, only give it to one.
      return try UnixSocket.bind(
        path: path, owner: try Identity(uid: uid, gid: Process.uid == 0 ? gid : Process.gid))
    } catch {
      let isAnothers = uid != Process.uid || gid != Process.gid
      let advice =
        isAnothers && Process.uid != 0
        ? ": an ordinary user gives the own ids, -u \(Process.uid) -g \(Process.gid)" : SocketName.advice(error)
      throw StartError("bind \"\(path)\" as \(uid):\(gid): \(error)" + advice)
    }
  }

  /// From now on SIGTERM and SIGINT end the wait for the client, and what follows.
  borrowing func endOnTermination() {
    Process.endOnTermination(socket)
  }

  /// Waits for the client. Afterwards the socket and its name are gone.
  ///
  /// - Returns: nil where a signal ended the wait.
  consuming func accept() throws(StartError) -> Descriptor? {
    guard file != nil else { return socket }
    return try Self.accept(on: socket)
  }

  private static func accept(on socket: borrowing Descriptor) throws(StartError) -> Descriptor? {
    while true {
      do throws(Errno) {
        return try socket.accept()
      } catch {
        if Process.terminationSignal != nil { return nil }
        // A client that gave up again is not the one.
        guard error == .interrupted || error == .connectionAbort else { throw StartError("accept: \(error)") }
      }
    }
  }
}
