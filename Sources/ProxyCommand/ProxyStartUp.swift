import Confinement
import Export
import Glibc
import Launch
import Linux
import ProxyServer
import Serving
import SystemPackage

/// The start of a server for the one client of `-fsdev proxy`.
struct ProxyStartUp: ~Copyable, StartUp {
  private let options: Options
  /// Whether the process has no privilege, but for what it may give itself in a user namespace.
  private let isRootless: Bool
  private var directory: Descriptor?
  private let client: ClientSocket

  private var identities: Identities? = .same
  /// The word to the launcher that waits for a daemon.
  private var readiness: Process.Readiness?
  private var privileges: KeptPrivileges?
  private var sandbox = Sandbox.absent
  private var pathRoot: PathRoot?
  private var export: PathExport?

  init(_ options: Options) throws(StartError) {
    Process.tidyDescriptors(keeping: options.connection.inherited)
    let directory = try ArgumentCheck.openExport(options.path)
    switch options.connection {
    case .descriptor(let number): try ArgumentCheck.checkSocket(number)
    case .socket(let path, _, _): try SocketName.check(path)
    }
    let isRootless = try ArgumentCheck.isRootless(options)
    Process.holdTermination()
    let client = try ClientSocket(options.connection)
    self.init(options, isRootless: isRootless, directory: directory, client: client)
  }

  private init(
    _ options: Options, isRootless: Bool, directory: consuming Descriptor, client: consuming ClientSocket
  ) {
    self.options = options
    self.isRootless = isRootless
    self.directory = consume directory
    self.client = client
  }

  mutating func chooseIdentities() throws(StartError) {
    guard let directory = directory.take() else { return }
    identities = try Self.identities(options, of: directory, isRootless: isRootless)
    self.directory = consume directory
  }

  mutating func leaveTerminal() throws(StartError) {
    guard options.isDaemon else { return }
    try unshareProcesses()
    readiness = try Self.daemonise()
    Log.openSystemLog()
  }

  /// Goes on in a child. The first process ends here, when the child is ready or has failed.
  private static func daemonise() throws(StartError) -> Process.Readiness {
    switch try attempt("daemon", { () throws(Errno) in try Process.daemonise() }) {
    case .parent(let isReady):
      // The child has said why not. Nothing that it goes on with is taken down here, such as the name of its socket.
      Process.end(isReady ? EXIT_SUCCESS : EXIT_FAILURE)
    case .daemon(let readiness):
      return readiness
    }
  }

  mutating func readLimits() {
    Process.ignoreFatalSignals()
    client.endOnTermination()
    switch identities {
    case .some(let identities):
      privileges = KeptPrivileges(options, isRootless: isRootless, hasDevices: identities.kind == .same)
    case .none: break
    }
  }

  mutating func enterSandbox() throws(StartError) {
    // The descriptor is of the host's mounts, so it must be gone before there is a client.
    guard let directory = directory.take(), let identities = identities.take() else { return }
    (sandbox, pathRoot) = try Self.enterSandbox(options, around: directory, identities: identities)
    self.identities = consume identities
    Process.setUmask(0)
  }

  mutating func startWorker() {}

  mutating func dropPrivileges() throws(StartError) {
    guard let privileges, let pathRoot, let identities = identities.take() else { return }
    do throws(StageError) {
      if try !Limits.liftFileSize() {
        Log.write(
          .warning, "the inherited RLIMIT_FSIZE can't be lifted: it limits files that the guest truncates")
      }
      try identities.enterNamespace()
      try Limits.apply()
      try Privileges.drop(allBut: privileges.capabilities, leavingGroups: privileges.leavesGroups)
      // An export remembers what its thread may do, which no longer changes.
      export = try stage("open the export") { () throws(Errno) in try PathExport(pathRoot, readOnly: options.isReadOnly)
      }
    } catch {
      throw StartError(error)
    }
    self.identities = consume identities
  }

  mutating func loadFilter() throws(StartError) {
    do throws(StageError) {
      try SystemCallFilter.load(
        options.filter, for: [.connections, .passing, .paths], readOnly: options.isReadOnly)
    } catch {
      throw StartError(error)
    }
  }

  mutating func announce() {
    if let readiness = readiness.take() {
      Log.leaveStandardError()
      readiness.announce()
    }
    guard let privileges, let identities = identities.take() else { return }
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
  }

  consuming func serve() throws(StartError) -> Ending {
    guard let export = export.take(), let socket = try client.accept() else { return .closed }
    Process.endOnTermination(socket)
    return ProxyServer.serve(export, on: socket, polling: options.polling)
  }
}

extension ProxyStartUp {
  /// Finds a way to translate ids, which may move the process to a user namespace.
  private static func identities(
    _ options: Options, of directory: borrowing Descriptor, isRootless: Bool
  ) throws(StartError) -> Identities {
    do throws(StageError) {
      if isRootless { return try .ofOrdinaryUser(options.map) }
      guard !options.map.isEmpty else { return .same }
      let holder = try ServerIdentities().holder
      guard options.sandbox == nil || options.sandbox == .namespace else {
        return try .byNamespace(options.map, holder: holder)
      }
      do throws(StageError) {
        return try .byMount(options.map, of: directory, holder: holder)
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

  /// Has the daemon be alone in a process namespace, as far as its sandbox is one of namespaces. The first child in such a
  /// namespace must be the daemon.
  private borrowing func unshareProcesses() throws(StartError) {
    guard options.sandbox == nil || options.sandbox == .namespace else { return }
    do throws(Errno) {
      try Process.unshareIdentifiersOfChildren()
    } catch {
      guard options.sandbox == nil else { throw StartError("can't unshare the process namespace: \(error)") }
    }
  }

  private static func enterSandbox(
    _ options: Options, around export: consuming Descriptor, identities: borrowing Identities
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
          "no sandbox: a client can reach every file that this process can, unless something else confines it")
      }
      return (first, pathRoot)
    } catch {
      guard options.sandbox == nil, identities.kind != .mount else { throw StartError(error) }
      Log.write(
        .warning,
        "no namespace sandbox (\(error.stage): \(error.error)), so chroot: a client can leave the export through "
          + "directory descriptors")
    }
    do throws(StageError) {
      return (.chroot, try Sandbox.chroot.enter(export, readOnly: options.isReadOnly, identities: identities))
    } catch {
      throw StartError(error)
    }
  }
}
