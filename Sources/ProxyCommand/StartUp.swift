import Confinement
import Export
import Linux
import ProxyServer
import Serving
import SystemPackage

/// Start-up, in the order that leaves the least to whoever connects: everything is closed off before there is a client.
enum StartUp {
  /// Serves until the client has gone or a signal came. `announce` is called once nothing can fail any more: a client
  /// can come.
  static func run(
    _ checked: consuming Checked, as identities: consuming Identities, _ waiting: consuming Waiting,
    announce: () -> Void
  ) throws(StartError) -> Ending {
    Process.ignoreFatalSignals()
    waiting.endOnTermination()
    let options = checked.options
    // What only the host's /proc says, which is about to be out of reach.
    let privileges = KeptPrivileges(checked, identities)
    // The descriptor is of the host's mounts, so it must be gone before there is a client.
    let (sandbox, pathRoot) = try close(options, around: checked.takeExport(), identities)
    Process.setUmask(0)
    let export = try confine(options, identities, privileges, pathRoot)
    announce()
    var line = LogLine("serving ")
    line.add(options.path.bytes)
    line.add(", sandbox=")
    line.add(sandbox.name)
    line.add(" seccomp=")
    line.add(options.filter.name)
    line.add(" caps=")
    line.add(privileges.capabilities)
    line.add(privileges.isRootless ? " rootless=yes" : " rootless=no")
    line.add(" ids=")
    line.add(identities.name)
    if !privileges.leavesGroups { line.add(" groups=kept") }
    if options.isReadOnly { line.add(" readonly") }
    Log.write(.notice, line)
    _ = consume identities
    guard let socket = try waiting.client() else { return .closed }
    Process.endOnTermination(socket)
    return ProxyServer.serve(export, on: socket, polling: options.polling)
  }

  /// Gives up, within the sandbox, all that serving doesn't need.
  ///
  /// An export remembers what its thread may do, so it is made when that no longer changes, and the filter comes last.
  private static func confine(
    _ options: Options, _ identities: borrowing Identities, _ privileges: KeptPrivileges, _ pathRoot: PathRoot
  ) throws(StartError) -> PathExport {
    do throws(StageError) {
      if try !Limits.liftFileSize() {
        Log.write(
          .warning, "a limit of file sizes (RLIMIT_FSIZE) was inherited, and holds for what the guest truncates")
      }
      try identities.enterNamespace()
      try Limits.apply()
      try Privileges.drop(allBut: privileges.capabilities, leavingGroups: privileges.leavesGroups)
      let export = try stage("open the export") { () throws(Errno) in
        try PathExport(pathRoot, readOnly: options.isReadOnly)
      }
      try SystemCallFilter.load(
        options.filter, for: [.connections, .passing, .paths], readOnly: options.isReadOnly)
      return export
    } catch {
      throw StartError(error)
    }
  }

  private static func close(
    _ options: Options, around export: consuming Descriptor, _ identities: borrowing Identities
  ) throws(StartError) -> (Sandbox, PathRoot) {
    let first = options.sandbox ?? .namespace
    do throws(StageError) {
      let pathRoot = try first.enter(export, readOnly: options.isReadOnly, identities: identities) {
        () throws(StageError) in
        // A socket of the host's network namespace could send to all abstract names there.
        Log.reopenSystemLog()
      }
      if first == .absent {
        Log.write(
          .warning,
          "no sandbox: whoever connects can reach every file that this process may, unless something else holds")
      }
      return (first, pathRoot)
    } catch {
      guard options.sandbox == nil, identities.kind != .mount else { throw StartError(error) }
      Log.write(
        .warning,
        "no namespace sandbox (\(error.stage): \(error.error)), so chroot: whoever connects can leave the export "
          + "through directory descriptors")
    }
    do throws(StageError) {
      return (.chroot, try Sandbox.chroot.enter(export, readOnly: options.isReadOnly, identities: identities))
    } catch {
      throw StartError(error)
    }
  }
}

/// What a serving process is left with.
private struct KeptPrivileges {
  let capabilities: Capabilities
  let leavesGroups: Bool
  /// Whether it had none over the host to begin with.
  let isRootless: Bool

  init(_ checked: borrowing Checked, _ identities: borrowing Identities) {
    let isInitial = UserNamespace.isInitial
    isRootless = checked.isRootless || !isInitial
    leavesGroups = !Process.hasSupplementaryGroups || UserNamespace.allowsLeavingGroups
    capabilities = Privileges.serving(
      readOnly: checked.options.isReadOnly, hasDevices: isInitial && identities.kind == .same,
      fileCapabilities: checked.options.fileCapabilities)
  }
}
