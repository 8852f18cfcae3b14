package import Confinement
internal import Export
internal import Linux
internal import Serving
internal import SystemPackage

/// The start of a server for many clients, in one process or split into monitor and worker.
package struct ServerStartUp<Protocol: FrontEnd>: ~Copyable, StartUp {
  let server: ServerDescription
  let frontEnd: Protocol
  private var manager: ServiceManager?
  private var exports: OwnedArray<Descriptor>
  let listener: Listener
  private let termination: Termination

  /// The identity of the process.
  var own: Identity
  /// The host's number of the user who started it.
  private let hostUser = Process.uid
  /// Whether an ordinary user serves, as the root of a user namespace in which the clients' users are that user's
  /// subordinate ids.
  var isMapped = false
  var sandbox = Sandbox.absent
  private var serverIdentities: ServerIdentities?
  var identities: Identities? = .same
  /// Whether the users who connect can be told apart.
  private var knowsPeers = true
  var isSplit = false

  private var overflow: UInt32?
  private var accounts = Accounts()
  private(set) var capacity: Capacity?
  /// The limit of address space in bytes for the process that speaks with clients.
  private var addressSpace: UInt = 0

  private var root: Descriptor?
  var links: DescriptorLinks.Entered?
  private var service: Service<Protocol>?

  /// A server, and the protocol that its clients speak.
  package struct Description {
    package let server: ServerDescription
    package let frontEnd: Protocol

    package init(_ server: ServerDescription, frontEnd: Protocol) {
      self.server = server
      self.frontEnd = frontEnd
    }
  }

  package init(_ description: Description) throws(StartError) {
    let server = description.server
    let own = try attempt("can't be user -1") { () throws(Errno) in try Identity(uid: Process.uid, gid: Process.gid) }
    if own.uid != 0, let squash = server.squash, squash != own {
      throw StartError(
        "only root can act as another user: run it as root, or with --squash \(own.uid):\(own.gid)")
    }
    Process.tidyDescriptors(keeping: server.endpoint.inherited)
    let manager = ServiceManager()
    Process.ignoreFatalSignals()
    Thread.shareMemory()
    var exports = OwnedArray<Descriptor>()
    for export in server.exports { exports.append(try Self.open(export, as: own)) }
    let listener = try Listener(server.endpoint, mode: server.socketMode, owner: server.socketOwner)
    let termination = try attempt("can't wait for signals") { () throws(Errno) in try Termination() }
    self.init(
      description, own: own, manager: manager, exports: exports, listener: listener, termination: termination)
  }

  private init(
    _ description: Description, own: Identity, manager: consuming ServiceManager,
    exports: consuming OwnedArray<Descriptor>, listener: consuming Listener, termination: consuming Termination
  ) {
    server = description.server
    frontEnd = description.frontEnd
    self.own = own
    self.manager = consume manager
    self.exports = exports
    self.listener = listener
    self.termination = termination
  }

  private static func open(_ export: ExportedDirectory, as own: Identity) throws(StartError) -> Descriptor {
    let directory = try attempt("can't export \"\(export.path)\"") { () throws(Errno) in
      try Descriptor.directory(export.path.bytes)
    }
    do throws(Errno) {
      _ = try directory.status()
    } catch .permissionDenied {
      // No mode keeps the holder of a descriptor from fstat: this is FUSE.
      throw StartError(
        "user \(own.uid) may not look at \"\(export.path)\": mount a FUSE file system of another user's with -o allow_other"
      )
    } catch {
      throw StartError("can't export \"\(export.path)\": \(error)")
    }
    try attempt("can't export \"\(export.path)\"") { () throws(Errno) in try directory.checkIsSearchable() }
    return directory
  }

  package mutating func chooseIdentities() throws(StartError) {
    let isIdentityGiven = server.trustsAll || server.squash != nil
    guard listener.tellsPeers || isIdentityGiven else { throw StartError(ServerDescription.unknownPeers) }
    let isPrivate = isIdentityGiven || listener.isReserved(for: own.uid)
    sandbox = try chooseSandbox()
    serverIdentities = try chooseServerIdentities()
    let identities = try mapIdentities(of: exports[0], holder: serverIdentities?.holder)
    let isSame = identities.kind == .same
    self.identities = consume identities
    knowsPeers = sandbox != .namespace || own.uid == 0 && !isMapped && isSame
    guard knowsPeers || isPrivate else {
      throw StartError(
        "in a user namespace other users can't be told apart: let nobody else connect (--socket-mode 600, or a socket "
          + "unit's SocketMode=0600), or give --trust to serve them as yourself")
    }
    isSplit = try choosesWorker()
  }

  package mutating func leaveTerminal() {}

  package mutating func readLimits() throws(StartError) {
    overflow = UserNamespace.overflowGid
    let capacity = try Capacity.forClients(server.mostClients)
    addressSpace = capacity.addressSpace
    if frontEnd.mapsGuestMemory {
      // As much as its clients' guests have.
      addressSpace = try attempt("can't read limits") { () throws(Errno) in try Process.highest(.addressSpace) }
    }
    self.capacity = capacity
    // With a map the clients' users are others than the host's of these names.
    if server.map.isEmpty && !isMapped { accounts = Accounts.ofHost() }
  }

  /// Closes the sandbox, and makes the links to open files the working directory.
  package mutating func enterSandbox() throws(StartError) {
    guard sandbox == .namespace || server.isSingle else {
      throw StartError("several exports need the namespace sandbox, and there is none: start a server for each")
    }
    var exports = OwnedArray<Descriptor>()
    swap(&exports, &self.exports)
    do throws(StageError) {
      if sandbox == .namespace {
        root = try enterNamespace(around: exports)
      } else {
        root = try enterNothing(exports)
      }
    } catch {
      throw StartError(error)
    }
    Process.setUmask(0)
  }

  package mutating func startWorker() throws(StartError) {
    guard let capacity, let root = root.take() else { return }
    do throws(StageError) {
      Thread.reserveMemory(capacity.heap)
      _ = try Limits.liftFileSize()
      let shared = SharedResources(
        accounts: accounts,
        descriptors: DescriptorBudget(capacity.clientDescriptors, clients: capacity.clients),
        memory: MemoryBudget(capacity.buffers, clients: capacity.clients),
        threads: ThreadBudget(Capacity.slowThreads), lateClients: lateClients)
      if isSplit {
        let worker = Worker(
          frontEnd: frontEnd, shared: shared, paths: server.exports.map(\.path), roots: roots,
          identity: serverIdentities?.worker,
          limits: WorkerLimits(descriptors: capacity.descriptors, addressSpace: addressSpace),
          filter: server.filter, isReadOnly: server.isReadOnly)
        service = .worker(try worker.start(root: root))
      } else {
        service = .inProcess(frontEnd, shared)
      }
    } catch {
      throw StartError(error)
    }
    self.root = consume root
  }

  package mutating func dropPrivileges() throws(StartError) {
    guard let capacity, let identities = identities.take() else { return }
    do throws(StageError) {
      // The worker stays outside, where it is somebody else, and the mount translates for it too.
      try identities.enterNamespace()
      try Limits.apply(
        descriptors: capacity.descriptors, addressSpace: isSplit ? capacity.addressSpace : addressSpace)
      try dropPrivileges(hasDevices: identities.kind == .same && !isMapped)
    } catch {
      throw StartError(error)
    }
    self.identities = consume identities
  }

  package mutating func loadFilter() throws(StartError) {
    let own: SystemCallFilter.Needs = isSplit ? .monitor : frontEnd.needs
    do throws(StageError) {
      try SystemCallFilter.load(
        server.filter, for: own.union(.acceptLoop).union(.export), readOnly: server.isReadOnly)
    } catch {
      throw StartError(error)
    }
  }

  package mutating func announce() throws(StartError) {
    report()
    for export in server.exports {
      let name = server.isSingle ? nil : export.name
      if let command = frontEnd.clientCommand(at: listener, export: name) { StandardOutput.write(line: command) }
    }
    switch service {
    case .worker(let worker)?:
      try attempt("can't watch the worker") { () throws(Errno) in try WorkerReadiness.watch(worker) }
    default: break
    }
    if let manager = manager.take() { manager.tell("READY=1\nSTATUS=serving, sandbox=\(sandbox.name)") }
  }

  package consuming func serve() throws(StartError) {
    guard let capacity, let links, let root = root.take(), let service = service.take(),
      let identities = identities.take()
    else {
      return
    }
    // In the namespace of a map the process has these ids already.
    let holder = identities.kind == .same ? serverIdentities?.holder : nil
    // No client is served beside the descriptors of user namespaces.
    _ = consume identities
    let clients = AcceptLoop(
      root: root,
      admission: Admission(trustsAll: server.trustsAll, squash: server.squash, own: own, knowsPeers: knowsPeers),
      connections: ConnectionTable(
        ConnectionLimit(capacity.clients, isShared: knowsPeers && listener.tellsPeers)),
      terms: ExportTerms(
        roots: roots, boundary: sandbox == .namespace ? .mountNamespace : .checked, links: links,
        isReadOnly: server.isReadOnly),
      holder: holder, overflow: overflow, hostUser: isMapped ? hostUser : nil, service: service)
    if listener.isConnected {
      Process.endOnTermination(listener.socket)
      clients.serveOnly(listener.socket)
    } else if server.endsWithClient {
      clients.serveFirst(on: listener.socket, until: termination)
    } else {
      clients.run(on: listener.socket, until: termination)
    }
  }

  /// The root directories that clients see.
  private var roots: ExportTree.Roots { server.isSingle ? .one : .several(server.exports.count) }

  /// The clients that may attach late: of those that a Unix-domain socket lets in, the ones that the operator has chosen.
  private var lateClients: SharedResources.LateClients {
    guard listener.tellsPeers else { return .none }
    return server.trustsAll || server.squash != nil || own.uid != 0 ? .all : .trusted
  }
}
