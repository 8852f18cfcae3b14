import Confinement
import Export
import Linux
import ProxyHelper
import SystemPackage

/// Why the helper can't serve, in a line for the operator.
struct StartError: Error {
  let message: String

  init(_ message: String) {
    self.message = message
  }

  init(_ stage: StageError) {
    message = "can't \(stage.stage): \(stage.error)"
  }
}

/// Calls `body`; its failure becomes `message` and the reason.
func attempt<Value: ~Copyable>(
  _ message: @autoclosure () -> String, _ body: () throws(Errno) -> Value
) throws(StartError) -> Value {
  do throws(Errno) {
    return try body()
  } catch {
    throw StartError("\(message()): \(error)")
  }
}

/// What was checked while there was still a terminal to complain to.
struct Checked: ~Copyable {
  let export: Descriptor
  let options: Options

  /// Checks what can be, and changes nothing.
  init(_ options: Options) throws(StartError) {
    let export = try Self.openExport(options.path)
    switch options.connection {
    case .descriptor(let number): try Self.checkSocket(number)
    case .socket(let path, _, _): try Self.checkSocketPath(path)
    }
    try Self.checkPrivileges(options.sandbox)
    self.export = export
    self.options = options
  }

  /// The directory to export, which nothing else holds then.
  consuming func takeExport() -> Descriptor { export }

  private static func openExport(_ path: HostPath) throws(StartError) -> Descriptor {
    do throws(Errno) {
      return try Descriptor.directory(path.bytes)
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

  private static func checkSocketPath(_ path: HostPath) throws(StartError) {
    guard path.count <= UnixSocket.maximumPath else {
      throw StartError("UNIX domain socket path exceeds \(UnixSocket.maximumPath) bytes: \"\(path)\"")
    }
    guard try !attempt("socket \"\(path)\"", { () throws(Errno) in try SocketFile.exists(path) }) else {
      throw StartError("socket already exists: \"\(path)\"; remove it if no other helper uses it")
    }
  }

  private static func checkPrivileges(_ sandbox: Sandbox?) throws(StartError) {
    let held = try attempt("can't read capabilities") { () throws(Errno) in try ThreadCapabilities.current().effective }
    var needed = Privileges.serving | .setpcap
    // Without a choice the lesser sandbox will do.
    needed = needed | (sandbox ?? (held.contains(.sysAdmin) ? .namespace : .chroot)).needed
    let missing = needed.subtracting(held)
    guard missing == .none else {
      throw StartError("not enough privilege, missing \(missing.names): run it as root, for example with sudo")
    }
  }
}

/// Start-up, in the order that leaves the least to whoever connects: everything is closed off before there is a client.
enum StartUp {
  /// Serves until the client has gone or a signal came. `announce` is called once nothing can fail any more: a client
  /// can come.
  static func run(_ checked: consuming Checked, announce: () -> Void) throws(StartError) -> ProxyServer.Ending {
    Process.ignoreFatalSignals()
    Process.holdTermination()
    let waiting = try Waiting(checked.options.connection)
    let options = checked.options
    // The descriptor is of the host's mounts, so it must be gone before there is a client.
    let sandbox = try close(options, around: checked.takeExport())
    Process.setUmask(0)
    let export = try confine(options)
    announce()
    var line = LogLine("serving ")
    line.add(options.path.bytes)
    line.add(", sandbox=")
    line.add(sandbox.name)
    line.add(" seccomp=")
    line.add(options.filter.name)
    if options.isReadOnly { line.add(" readonly") }
    Log.write(.notice, line)
    guard let socket = try waiting.client() else { return .closed }
    Process.endOnTermination(socket)
    return ProxyServer.serve(export, on: socket)
  }

  /// Gives up, within the sandbox, all that serving doesn't need.
  ///
  /// An export remembers what its thread may do, so it is made when that no longer changes, and the filter comes last.
  private static func confine(_ options: Options) throws(StartError) -> Export {
    do throws(StageError) {
      try Limits.apply()
      try Privileges.drop(allBut: Privileges.serving)
      let export = try stage("open the export") { () throws(Errno) in try Export(readOnly: options.isReadOnly) }
      try SystemCallFilter.load(options.filter)
      return export
    } catch {
      throw StartError(error)
    }
  }

  private static func close(
    _ options: Options, around export: consuming Descriptor
  ) throws(StartError) -> Sandbox {
    let first = options.sandbox ?? .namespace
    do throws(StageError) {
      try first.enter(export, readOnly: options.isReadOnly)
      return first
    } catch {
      guard options.sandbox == nil else { throw StartError(error) }
      Log.write(
        .warning,
        "no namespace sandbox (\(error.stage): \(error.error)), so chroot: whoever connects can leave the export "
          + "through directory descriptors")
    }
    do throws(StageError) {
      try Sandbox.chroot.enter(export, readOnly: options.isReadOnly)
      return .chroot
    } catch {
      throw StartError(error)
    }
  }
}
