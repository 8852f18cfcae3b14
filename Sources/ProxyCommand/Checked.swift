import Confinement
import Linux
import SystemPackage

/// What was checked while there was still a terminal to complain to.
struct Checked: ~Copyable {
  let export: Descriptor
  let options: Options
  /// Whether the process has no privilege, but for what it may hand itself in a user namespace.
  let isRootless: Bool

  /// Checks what can be, and changes nothing.
  init(_ options: Options) throws(StartError) {
    let export = try Self.openExport(options.path)
    switch options.connection {
    case .descriptor(let number): try Self.checkSocket(number)
    case .socket(let path, _, _): try SocketName.check(path)
    }
    isRootless = try Self.isRootless(options)
    self.export = export
    self.options = options
  }

  /// The directory to export, which nothing else holds then.
  consuming func takeExport() -> Descriptor { export }

  private static func openExport(_ path: HostPath) throws(StartError) -> Descriptor {
    do throws(Errno) {
      return try Descriptor.searchableDirectory(path.bytes)
    } catch .notDirectory {
      throw StartError("specified path \"\(path)\" is not a directory")
    } catch {
      throw StartError("invalid path \"\(path)\" specified: \(error)")
    }
  }

  private static func checkSocket(_ number: CInt) throws(StartError) {
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

  /// - Throws: for root who lacks capabilities. An ordinary user who does can do without.
  private static func isRootless(_ options: Options) throws(StartError) -> Bool {
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

// Who the guest's users are. This comes before a daemon leaves the process that started it, since a user namespace needs
// a process outside to give it its ids, and since the first child in a process namespace must be the daemon.
extension Checked {
  /// Finds a way to translate ids, which may move the process to a user namespace.
  borrowing func identities() throws(StartError) -> Identities {
    do throws(StageError) {
      if isRootless { return try .ofOrdinaryUser(options.map) }
      guard !options.map.isEmpty else { return .same }
      let holder = try ServerIdentities().holder
      guard options.sandbox == nil || options.sandbox == .namespace else {
        return try .byNamespace(options.map, holder: holder)
      }
      do throws(StageError) {
        return try .byMount(options.map, of: export, holder: holder)
      } catch {
        Log.write(
          .warning,
          "no idmapped mount (\(error.stage): \(error.error)), so a user namespace: QEMU sees the host's ids in descriptors"
        )
        return try .byNamespace(options.map, holder: holder)
      }
    } catch {
      throw StartError(error)
    }
  }

  /// Has the daemon be alone in a process namespace, as far as its sandbox is one of namespaces.
  borrowing func unshareProcesses() throws(StartError) {
    guard options.sandbox == nil || options.sandbox == .namespace else { return }
    do throws(Errno) {
      try Process.unshareIdentifiersOfChildren()
    } catch {
      guard options.sandbox == nil else { throw StartError("can't unshare the process namespace: \(error)") }
    }
  }
}
