internal import Confinement
internal import Linux
internal import SystemPackage

// How a server for many clients shuts itself in.
extension ServerStartUp {
  /// Whether a worker speaks with clients.
  func choosesWorker() throws(StartError) -> Bool {
    if server.split == .always, sandbox != .namespace {
      // Whoever took the worker over could have the monitor work on any file of the host.
      throw StartError("--split needs the namespace sandbox, and there is none: use --in-process")
    }
    return server.split == .always || server.split == .automatic && own.uid == 0 && sandbox == .namespace
  }

  /// Finds the best sandbox that works. An ordinary user's process moves to a user namespace of its own for it.
  mutating func chooseSandbox() throws(StartError) -> Sandbox {
    guard server.sandbox != .none else { return .absent }
    let held = try heldCapabilities()
    if held.contains(.sysAdmin) { return .namespace }
    do throws(StageError) {
      // A map, or one identity for everything, has no use for other ids.
      if server.map.isEmpty, server.squash == nil, own.uid != 0, try Identities.ofUserWithSubordinates() != nil {
        own = try stage("be root of the user namespace") { () throws(Errno) in try Identity(uid: 0, gid: 0) }
        isMapped = true
      } else {
        _ = try Identities.ofUserAlone()
      }
      return .namespace
    } catch {
      // In half a namespace nothing works.
      guard server.sandbox == .automatic, try heldCapabilities() == held else { throw StartError(error) }
      Log.write(
        .warning,
        "no namespace sandbox (\(error.stage): \(error.error)): an attacker who takes the server over can do what its user can"
      )
      return .absent
    }
  }

  /// Chooses ids that no user has. An ordinary user's server has the user's.
  func chooseServerIdentities() throws(StartError) -> ServerIdentities? {
    guard own.uid == 0 else { return nil }
    do throws(StageError) {
      return try ServerIdentities()
    } catch {
      throw StartError(error)
    }
  }

  /// Has the mounts of the exports translate ids, where there is a map.
  func mapIdentities(of export: borrowing Descriptor, holder: Identity?) throws(StartError) -> Identities {
    let map = server.map
    guard !map.isEmpty else { return .same }
    guard own.uid == 0 else {
      throw StartError(
        "--uid-map and --gid-map take root: leave them out, and clients' users are your ids in /etc/subuid")
    }
    guard sandbox == .namespace else {
      throw StartError("--uid-map and --gid-map take the namespace sandbox, and there is none")
    }
    if let squash = server.squash, !map.has(user: squash.uid, group: squash.gid) {
      throw StartError(
        "--squash \(squash.uid):\(squash.gid) isn't in --uid-map and --gid-map: with a map it takes clients' ids")
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

  /// Enters the namespace sandbox, and makes the links to open files the working directory.
  ///
  /// - Returns: the directory to serve, as it is seen from inside.
  mutating func enterNamespace(around exports: consuming OwnedArray<Descriptor>) throws(StageError) -> Descriptor {
    var links: DescriptorLinks? = nil
    func keepLinks() throws(StageError) {
      links = try stage("mount /proc/self/fd apart") { () throws(Errno) in try DescriptorLinks.apart() }
    }
    guard let identities = identities.take() else { throw StageError(stage: "map ids", error: .invalidArgument) }
    if server.isSingle {
      try sandbox.enter(exports[0], readOnly: server.isReadOnly, identities: identities, keep: keepLinks)
    } else {
      let paths = server.exports.map(\.path)
      try Sandbox.enter(exports, at: paths, readOnly: server.isReadOnly, identities: identities, keep: keepLinks)
    }
    self.identities = consume identities
    let root = try stage("open the export") { () throws(Errno) in try Descriptor.workingDirectory() }
    guard let links = links.take() else { throw StageError(stage: "enter the links to open files", error: .noData) }
    self.links = try enter(links)
    return root
  }

  /// Goes on without a sandbox.
  mutating func enterNothing(_ exports: consuming OwnedArray<Descriptor>) throws(StageError) -> Descriptor {
    let links = try stage("look at /proc/self/fd") { () throws(Errno) in try DescriptorLinks.inPlace() }
    self.links = try enter(links)
    return exports.take(0)
  }

  private func enter(_ links: consuming DescriptorLinks) throws(StageError) -> DescriptorLinks.Entered {
    try stage("enter the links to open files") { () throws(Errno) in try links.enter() }
  }

  /// Drops what serving doesn't need.
  func dropPrivileges(hasDevices: Bool) throws(StageError) {
    if own.uid == 0 {
      // Not every container's root has CAP_SETFCAP.
      let held = try stage("read capabilities") { () throws(Errno) in try ThreadCapabilities.current().effective }
      let kept = needed(
        hasDevices: hasDevices, fileCapabilities: server.allowsFileCapabilities && held.contains(.setfcap))
      try Privileges.drop(allBut: kept, hasUsers: true)
    } else if sandbox == .namespace {
      // Groups can't be left in an ordinary user's namespace.
      try Privileges.drop(allBut: .none, leavingGroups: false)
    } else {
      try stage("set no_new_privs") { () throws(Errno) in try Process.setNoNewPrivileges() }
    }
  }

  /// The capabilities for becoming a connection's user, and where users are trusted, for doing what those may.
  private func needed(hasDevices: Bool, fileCapabilities: Bool) -> Capabilities {
    let become: Capabilities = .setuid | .setgid
    guard server.squash == nil else { return become }
    return become
      | Privileges.serving(
        readOnly: server.isReadOnly, hasDevices: hasDevices, fileCapabilities: fileCapabilities)
  }
}
