import Confinement
import Linux
import SystemPackage

/// Checks of what the command line names, while there is a terminal to complain to.
enum ArgumentCheck {
  /// Opens the directory to export.
  static func openExport(_ path: HostPath) throws(StartError) -> Descriptor {
    do throws(Errno) {
      return try Descriptor.searchableDirectory(path.bytes)
    } catch .notDirectory {
      throw StartError("specified path \"\(path)\" is not a directory")
    } catch {
      throw StartError("invalid path \"\(path)\" specified: \(error)")
    }
  }

  /// Checks that an inherited descriptor is a connected stream socket that passes descriptors.
  static func checkSocket(_ number: CInt) throws(StartError) {
    let socket = Descriptor(adopting: number)
    let problem = problem(with: socket)
    _ = socket.release()
    if let problem {
      throw StartError("descriptor \(number) \(problem); -f takes one end of a connected socket pair")
    }
  }

  private static func problem(with socket: borrowing Descriptor) -> String? {
    do throws(Errno) {
      guard try socket.option(.domain) == SocketOption.unix else {
        return "is not a Unix-domain socket, and only those can pass descriptors"
      }
      guard try socket.option(.type) == SocketOption.stream else { return "is not a stream socket" }
      return try socket.isConnected() ? nil : "is not connected"
    } catch .badFileDescriptor {
      return "is not open"
    } catch .notSocket {
      return "is not a socket"
    } catch {
      return "can't be examined: \(error)"
    }
  }

  /// Whether the process lacks capabilities, without which an ordinary user can do.
  ///
  /// - Throws: where root lacks them.
  static func isRootless(_ options: Options) throws(StartError) -> Bool {
    let held = try attempt("can't read capabilities") { () throws(Errno) in try ThreadCapabilities.current().effective }
    var needed = Privileges.serving(readOnly: options.isReadOnly, fileCapabilities: options.fileCapabilities) | .setpcap
    // Without a choice the lesser sandbox will do.
    needed = needed | (options.sandbox ?? (held.contains(.sysAdmin) ? .namespace : .chroot)).needed
    let missing = needed.subtracting(held)
    guard !missing.isEmpty else { return false }
    guard Process.uid != 0 else {
      throw StartError("not enough privilege, missing \(missing.names): run it with them, or as an ordinary user")
    }
    return true
  }
}
