internal import Confinement
internal import Linux
internal import SystemPackage

/// The service manager that started the process, where it wants to be notified: `sd_notify(3)`.
///
/// A failure to notify it is logged, and doesn't end the server.
struct ServiceManager: ~Copyable {
  private let socket: Descriptor?

  /// Takes the variable `NOTIFY_SOCKET` out of the environment, and connects to the socket of that name, an abstract one
  /// where `@` comes first. Later a sandbox would be in the way.
  ///
  /// The system calls are `socket` and `connect`.
  init() {
    guard let name = Process.takeVariable("NOTIFY_SOCKET") else {
      socket = nil
      return
    }
    do throws(Errno) {
      socket = try UnixSocket.connectDatagram(path: name)
    } catch {
      socket = nil
      Log.write(.warning, "the service manager can't be notified (NOTIFY_SOCKET=\(name)): \(error)")
    }
  }

  /// Sends it assignments, such as `READY=1`, one a line.
  ///
  /// The system call is `send`.
  borrowing func tell(_ state: String) {
    switch socket {
    case .some(let socket):
      do throws(Errno) {
        try socket.send(state.utf8.span)
      } catch {
        Log.write(.warning, "can't notify the service manager: \(error)")
      }
    case nil: break
    }
  }
}
