import Confinement
import Linux
import SystemPackage

/// The service manager that started the process, as far as it wants to know how far that is: `sd_notify(3)`.
///
/// What can't be told is on the log, and no reason not to serve.
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
      Log.write(.warning, "the service manager can't be told anything (NOTIFY_SOCKET=\(name)): \(error)")
    }
  }

  /// Tells it something, such as `READY=1`, in lines.
  ///
  /// The system call is `send`.
  borrowing func tell(_ state: String) {
    switch socket {
    case .some(let socket):
      do throws(Errno) {
        try socket.send(state.utf8.span)
      } catch {
        Log.write(.warning, "the service manager wasn't told: \(error)")
      }
    case nil: break
    }
  }
}
