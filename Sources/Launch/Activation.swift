internal import Confinement
internal import Linux

/// The socket that a service manager passes to a service which it starts, `sd_listen_fds(3)`.
enum Activation {
  /// The number of the first socket that is passed.
  static let firstSocket: CInt = 3

  /// Takes the variables about sockets out of the environment.
  ///
  /// - Returns: the number of the only socket.
  /// - Throws: where there isn't exactly one, or it is for another process.
  static func takeSocket() throws(StartError) -> CInt {
    let process = Process.takeVariable("LISTEN_PID")
    let count = Process.takeVariable("LISTEN_FDS")
    for other: StaticString in ["LISTEN_FDNAMES", "LISTEN_PIDFDID"] { _ = Process.takeVariable(other) }
    guard let process, let count else {
      throw StartError(
        "no socket was passed (LISTEN_FDS): have a systemd socket unit start this service, or use another --listen ADDRESS"
      )
    }
    guard CInt(process.description) == Process.identifier else {
      throw StartError(
        "the sockets are for process \(process) (LISTEN_PID), not for this one, \(Process.identifier): start postern "
          + "itself, without a program in between that stays")
    }
    guard CInt(count.description) == 1 else {
      throw StartError(
        "\(count) sockets were passed (LISTEN_FDS), but only one can be served: leave one ListenStream= in the socket unit"
      )
    }
    return firstSocket
  }
}
