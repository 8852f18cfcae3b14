import Confinement
import Export
import Glibc
import Linux
import NinePServer
import Serving
import SystemPackage

/// Start-up, in the order that leaves the least to whoever connects: everything is closed off before there is a client.
struct StartUp {
  private let options: NineP
  /// Who serves.
  private var own: Identity
  /// Whether an ordinary user serves, as the root of a user namespace in which the clients' users are that user's
  /// subordinate ids.
  private var isMapped = false
  /// The host's number of who started it.
  private let user = Process.uid

  init(_ options: NineP) throws(StartError) {
    self.options = options
    own = try attempt("can't be user -1") { () throws(Errno) in try Identity(uid: Process.uid, gid: Process.gid) }
    if own.uid != 0, let squash = options.squash?.identity, squash != own {
      throw StartError(
        "only root can do things as another user: run it as root, or with --squash \(own.uid):\(own.gid)")
    }
  }

  /// Serves until a signal comes, or until the only client has gone.
  mutating func run() throws(StartError) {
    Process.tidyDescriptors(keeping: options.listen.inherited)
    let manager = ServiceManager()
    Process.ignoreFatalSignals()
    Thread.shareMemory()
    var exports = OwnedArray<Descriptor>()
    for export in options.exports {
      exports.append(try open(export))
    }
    let listener = try Listener(
      options.listen, mode: options.mode.bits, owner: options.socketOwner?.identity)
    let isSaid = options.trust || options.squash != nil
    guard listener.tellsPeers || isSaid else { throw StartError(NineP.unknownPeers) }
    let isPrivate = isSaid || listener.isReserved(for: own.uid)
    let termination = try attempt("can't wait for signals") { () throws(Errno) in try Termination() }
    let sandbox = try sandbox()
    let ids = try serverIdentities()
    let identities = try identities(sandbox, of: exports[0], holder: ids?.holder)
    let knowsPeers = sandbox != .namespace || own.uid == 0 && !isMapped && identities.kind == .same
    guard knowsPeers || isPrivate else {
      throw StartError(
        "a user namespace doesn't tell other users from each other: let nobody else connect (--socket-mode 600, or "
          + "a socket unit's SocketMode=0600), or say --trust to let them in as yourself")
    }
    let isSplit = try isSplit(sandbox)
    // In the namespace of a map the process has these ids already.
    let holder = identities.kind == .same ? ids?.holder : nil
    let overflow = UserNamespace.overflowGid
    let capacity = try capacity(of: options.maxClients)
    // With a map the clients' users are others than the host's of these names.
    let accounts = options.map.isEmpty && !isMapped ? Accounts.ofHost() : Accounts()
    let inside = try close(sandbox, around: exports, identities)
    Process.setUmask(0)
    let speaker = try confine(
      sandbox, inside.root, identities, capacity, accounts, worker: ids?.worker, isSplit: isSplit,
      tellsPeers: listener.tellsPeers)
    report(listener, sandbox, identities, capacity, isSplit: isSplit)
    // No client is served beside the user namespaces' descriptors.
    _ = consume identities
    for export in options.exports {
      StandardOutput.write(line: listener.mountCommand(isOnly ? nil : export.name))
    }
    let links = inside.links
    let door = Door(
      root: inside.root,
      admission: Admission(
        trustsAll: options.trust, squash: options.squash?.identity, own: own, knowsPeers: knowsPeers),
      connections: ConnectionTable(
        ConnectionLimit(capacity.clients, isShared: knowsPeers && listener.tellsPeers)),
      terms: ExportTerms(
        roots: roots, boundary: sandbox == .namespace ? .mountNamespace : .checked, links: links,
        isReadOnly: options.readonly),
      holder: holder, overflow: overflow, hostUser: isMapped ? user : nil, speaker: speaker)
    try attempt("can't watch the worker") { () throws(Errno) in try door.watchWorker() }
    manager.tell("READY=1\nSTATUS=serving, sandbox=\(sandbox.name)")
    // Whoever takes the process over could tell it anything, such as which process to end.
    _ = consume manager
    if listener.isConnected {
      Process.endOnTermination(listener.socket)
      door.serveOne(listener.socket)
    } else {
      door.serve(listener.socket, until: termination)
    }
  }

  private func open(_ export: ExportedDirectory) throws(StartError) -> Descriptor {
    let directory = try attempt("can't export \"\(export.path)\"") { () throws(Errno) in
      try Descriptor.directory(export.path.bytes)
    }
    do throws(Errno) {
      _ = try directory.status()
    } catch .permissionDenied {
      // Whatever its mode, one may look at what one has a descriptor of.
      throw StartError(
        "user \(own.uid) may not look at \"\(export.path)\": mount a FUSE file system of another user's with -o allow_other"
      )
    } catch {
      throw StartError("can't export \"\(export.path)\": \(error)")
    }
    try attempt("can't export \"\(export.path)\"") { () throws(Errno) in try directory.checkIsSearchable() }
    return directory
  }

  /// Says how it serves, and what is dangerous about it.
  private func report(
    _ listener: borrowing Listener, _ sandbox: Sandbox, _ identities: borrowing Identities, _ capacity: Capacity,
    isSplit: Bool
  ) {
    var line = "serving \(options.exports.map(\.path.description).joined(separator: " ")) at \(listener.place)"
    line += ", sandbox=\(sandbox.name) seccomp=\(options.seccomp.mode.name)"
    if isSplit { line += " split" }
    if options.readonly { line += " readonly" }
    if identities.kind != .same || isMapped { line += " ids=\(isMapped ? "user-namespace" : identities.name)" }
    if options.trust { line += " trust" }
    if let squash = options.squash?.identity { line += " squash=\(squash.uid):\(squash.gid)" }
    if case .unix = options.listen { line += " mode=\(options.mode)" }
    if let owner = options.socketOwner?.identity { line += " owner=\(owner.uid):\(owner.gid)" }
    Log.write(.notice, line)
    Log.write(
      .debug,
      "limits: \(capacity.clients) clients, \(capacity.descriptors) descriptors, \(capacity.addressSpace >> 20) MiB of "
        + "address space")
    if options.trust, own.uid == 0, !isMapped, listener.isOpenToAll {
      Log.write(
        .warning,
        "--trust at \(listener.place): every user of this host, and whoever else reaches it, can connect and "
          + "act as root; a Unix socket with --socket-owner lets only one user in")
    }
    if let squash = options.squash?.identity, squash.uid == 0 {
      Log.write(.warning, "--squash \(squash.uid):\(squash.gid): whoever connects acts as root")
    }
    if let host = listener.publicHost {
      Log.write(
        .warning, "whoever reaches \(host) can connect, and 9P has no encryption: let it be a network of your own")
    }
  }

  /// Whether a worker speaks with clients. It is what root's server has.
  private func isSplit(_ sandbox: Sandbox) throws(StartError) -> Bool {
    if options.split, sandbox != .namespace {
      // Whoever took the worker over could have this one work on any file of the host.
      throw StartError("--split needs the namespace sandbox, and there is none: use --in-process")
    }
    return options.split || !options.inProcess && own.uid == 0 && sandbox == .namespace
  }

  /// Finds the best that works. An ordinary user's process moves to a user namespace of its own for it.
  private mutating func sandbox() throws(StartError) -> Sandbox {
    guard options.sandbox != .none else { return .absent }
    let held = try heldCapabilities()
    if held.contains(.sysAdmin) { return .namespace }
    do throws(StageError) {
      // Who maps ids, or has everything done as one user, has no use for others.
      if options.map.isEmpty, options.squash == nil, own.uid != 0, try Identities.ofUserWithSubordinates() != nil {
        own = try stage("be root of the user namespace") { () throws(Errno) in try Identity(uid: 0, gid: 0) }
        isMapped = true
      } else {
        _ = try Identities.ofUserAlone()
      }
      return .namespace
    } catch {
      // In half a namespace nothing works.
      guard options.sandbox == .auto, try heldCapabilities() == held else { throw StartError(error) }
      Log.write(
        .warning,
        "no namespace sandbox (\(error.stage): \(error.error)): a server that is taken over can do what its user can")
      return .absent
    }
  }

  /// Ids that no user has. An ordinary user's server has that user's.
  private func serverIdentities() throws(StartError) -> ServerIdentities? {
    guard own.uid == 0 else { return nil }
    do throws(StageError) {
      return try ServerIdentities()
    } catch {
      throw StartError(error)
    }
  }

  /// Has the exports' mounts translate ids, if they are to.
  private func identities(
    _ sandbox: Sandbox, of export: borrowing Descriptor, holder: Identity?
  ) throws(StartError) -> Identities {
    let map = options.map
    guard !map.isEmpty else { return .same }
    guard own.uid == 0 else {
      throw StartError(
        "--uid-map and --gid-map take root: leave them out, and clients' users are your ids in /etc/subuid")
    }
    guard sandbox == .namespace else {
      throw StartError("--uid-map and --gid-map take the namespace sandbox, and there is none")
    }
    if let squash = options.squash?.identity, !map.has(user: squash.uid, group: squash.gid) {
      throw StartError(
        "--squash \(squash.uid):\(squash.gid) isn't in --uid-map and --gid-map, whose clients' ids it takes")
    }
    do throws(StageError) {
      return try .byMount(map, of: export, holder: holder)
    } catch {
      throw StartError(error)
    }
  }

  private func heldCapabilities() throws(StartError) -> Capabilities {
    try attempt("can't read capabilities") { () throws(Errno) in try ThreadCapabilities.current().effective }
  }

  /// Closes the sandbox, and makes the links to open files the working directory.
  ///
  /// - Returns: the sandbox as it is seen from inside.
  private func close(
    _ sandbox: Sandbox, around exports: consuming OwnedArray<Descriptor>, _ identities: borrowing Identities
  ) throws(StartError) -> Inside {
    guard sandbox == .namespace || isOnly else {
      throw StartError("several exports need the namespace sandbox, and there is none: start a server for each")
    }
    do throws(StageError) {
      guard sandbox == .namespace else {
        let links = try stage("look at /proc/self/fd") { () throws(Errno) in try DescriptorLinks.inPlace() }
        return Inside(root: exports.take(0), links: try enter(links))
      }
      var links: DescriptorLinks? = nil
      func keepLinks() throws(StageError) {
        links = try stage("mount /proc/self/fd apart") { () throws(Errno) in try DescriptorLinks.apart() }
      }
      if isOnly {
        try sandbox.enter(exports[0], readOnly: options.readonly, identities: identities, keep: keepLinks)
      } else {
        let paths = options.exports.map(\.path)
        try Sandbox.enter(exports, at: paths, readOnly: options.readonly, identities: identities, keep: keepLinks)
      }
      let root = try stage("open the export") { () throws(Errno) in try Descriptor.workingDirectory() }
      guard let links = links.take() else { throw StageError(stage: "enter the links to open files", error: .noData) }
      return Inside(root: root, links: try enter(links))
    } catch {
      throw StartError(error)
    }
  }

  private func enter(_ links: consuming DescriptorLinks) throws(StageError) -> DescriptorLinks.Entered {
    try stage("enter the links to open files") { () throws(Errno) in try links.enter() }
  }

  /// Whose connections may take their time: of those whom a Unix socket lets in, the ones that the operator has chosen.
  private func patience(tellsPeers: Bool) -> Share.Patience {
    guard tellsPeers else { return .none }
    return options.trust || options.squash != nil || own.uid != 0 ? .all : .believed
  }

  /// Gives up all that serving doesn't need, and starts the worker where there is to be one.
  private func confine(
    _ sandbox: Sandbox, _ root: borrowing Descriptor, _ identities: borrowing Identities,
    _ capacity: Capacity, _ accounts: Accounts, worker identity: Identity?,
    isSplit: Bool, tellsPeers: Bool
  ) throws(StartError) -> Door.Speaker {
    do throws(StageError) {
      Thread.reserveMemory(capacity.heap)
      let names = options.exports.map { export in
        export.name.bytes.indices.map { export.name.bytes[$0] }
      }
      let share = Share(
        accounts: accounts, trees: isOnly ? .one(names[0]) : .several(names),
        keepsToMount: options.multidevs == .forbid,
        descriptors: DescriptorBudget(capacity.clientDescriptors, clients: capacity.clients),
        memory: MemoryBudget(capacity.buffers, clients: capacity.clients),
        threads: ThreadBudget(Capacity.slowThreads), patience: patience(tellsPeers: tellsPeers))
      _ = try Limits.liftFileSize()
      let speaker: Door.Speaker
      if isSplit {
        let worker = Worker(
          share: share, paths: options.exports.map(\.path), roots: roots, identity: identity,
          limits: Worker.Limits(descriptors: capacity.descriptors, addressSpace: capacity.addressSpace),
          seccomp: options.seccomp.mode, isReadOnly: options.readonly)
        speaker = .worker(try worker.start(root: root))
      } else {
        speaker = .thisProcess(share)
      }
      // The worker stays outside, where it is somebody else, and the mount translates for it too.
      try identities.enterNamespace()
      try Limits.apply(descriptors: capacity.descriptors, addressSpace: capacity.addressSpace)
      if own.uid == 0 {
        // Not every container's root has CAP_SETFCAP.
        let held = try stage("read capabilities") { () throws(Errno) in try ThreadCapabilities.current().effective }
        let kept = needed(
          hasDevices: identities.kind == .same && !isMapped,
          fileCapabilities: options.fileCapabilities == .allow && held.contains(.setfcap))
        try Privileges.drop(allBut: kept, hasUsers: true)
      } else if sandbox == .namespace {
        // Groups can't be left in an ordinary user's namespace.
        try Privileges.drop(allBut: .none, leavingGroups: false)
      } else {
        try stage("set no_new_privs") { () throws(Errno) in try Process.setNoNewPrivileges() }
      }
      let needs: SystemCallFilter.Needs = isSplit ? .monitor : .nineP
      try SystemCallFilter.load(
        options.seccomp.mode, for: needs.union(.listener).union(.export), readOnly: options.readonly)
      return speaker
    } catch {
      throw StartError(error)
    }
  }

  /// The root directories that clients see.
  private var roots: ExportTree.Roots { isOnly ? .one : .several(options.exports.count) }

  /// Whether there is one export, which is the root directory then.
  private var isOnly: Bool { options.exports.count == 1 }

  /// What serving takes: to become the user that a connection's are, and where users are believed, to do what they may.
  private func needed(hasDevices: Bool, fileCapabilities: Bool) -> Capabilities {
    let become: Capabilities = .setuid | .setgid
    guard options.squash == nil else { return become }
    return become
      | Privileges.serving(
        readOnly: options.readonly, hasDevices: hasDevices, fileCapabilities: fileCapabilities)
  }
}

/// The sandbox, seen from inside.
private struct Inside: ~Copyable {
  /// The directory to serve.
  let root: Descriptor
  let links: DescriptorLinks.Entered
}
