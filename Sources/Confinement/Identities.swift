package import Linux
internal import SystemPackage

/// The translation of a guest's users and groups to the host's.
package struct Identities: ~Copyable {
  /// The part of the kernel that translates.
  package enum Kind: Sendable {
    /// None: the numbers are the same.
    case same
    /// The export's mount, for all processes that use it.
    case mount
    /// The user namespace of the process, for it alone.
    case namespace
  }

  package let kind: Kind
  /// The user namespace whose map the mount translates by: from the host's ids to the guest's.
  let translation: Descriptor?
  /// The user namespace to enter for serving. Capabilities count only for files whose ids it has.
  private let own: Descriptor?
  /// The user and group of file accesses there.
  private let first: (uid: UInt32, gid: UInt32)
  /// The real, effective and saved ids of the process there, which no other process has.
  private let holder: Identity?

  private init(
    _ kind: Kind, map: IdentityMap, translation: consuming Descriptor? = nil, own: consuming Descriptor? = nil,
    holder: Identity? = nil
  ) {
    self.kind = kind
    self.translation = translation
    self.own = own
    self.holder = holder
    first = map.first
  }

  /// The name in the log.
  package var name: StaticString {
    switch kind {
    case .same: "same"
    case .mount: "idmapped-mount"
    case .namespace: "user-namespace"
    }
  }

  /// The same numbers, without a namespace to enter.
  package static var same: Identities { Identities(.same, map: IdentityMap()) }

  /// Translates by the export's mount, which takes CAP_SYS_ADMIN and ``Sandbox/namespace``.
  ///
  /// It is tried on a mount that isn't attached.
  /// - Parameters:
  ///   - map: open kinds stay the same numbers.
  ///   - export: a directory.
  ///   - holder: the real, effective and saved ids of the serving process. nil keeps root's.
  /// - Returns: the translation for ``Sandbox/enter(_:readOnly:identities:keep:)`` and ``enterNamespace()``.
  /// - Throws: the step that failed, such as if a file system doesn't support it.
  package static func byMount(
    _ map: IdentityMap, of export: borrowing Descriptor, holder: Identity?
  ) throws(StageError) -> Identities {
    let map = map.filled(from: .same)
    let translation = try UserNamespace.made(with: map.reversed)
    let own = try UserNamespace.made(with: map.ofGuest)
    let mount = try stage("open_tree the export") { () throws(Errno) in
      let here = try Descriptor.workingDirectory()
      try export.becomeWorkingDirectory()
      let mount = try Mount.clone()
      try here.becomeWorkingDirectory()
      return mount
    }
    try stage("map the ids of the export's mount") { () throws(Errno) in
      try Mount.mapIdentities(of: mount, by: translation)
    }
    return Identities(.mount, map: map, translation: translation, own: own, holder: holder)
  }

  /// Translates by a user namespace, which root makes.
  ///
  /// - Parameters:
  ///   - map: open kinds stay the same numbers.
  ///   - holder: as in ``byMount(_:of:holder:)``.
  /// - Returns: the translation for ``enterNamespace()``.
  /// - Throws: the step that failed.
  package static func byNamespace(_ map: IdentityMap, holder: Identity?) throws(StageError) -> Identities {
    let map = map.filled(from: .same)
    return Identities(.namespace, map: map, own: try UserNamespace.made(with: map), holder: holder)
  }

  /// Moves an ordinary user's process to a user namespace, where it has all capabilities over the ids in the map.
  ///
  /// The process becomes the first user and group of the map there.
  /// - Parameter map: for open kinds the guest's root is this user, and the guest's next ids are the user's subordinate ones,
  ///   if there are any.
  /// - Returns: the translation of that namespace.
  /// - Throws: the step that failed.
  package static func ofOrdinaryUser(_ map: IdentityMap) throws(StageError) -> Identities {
    try UserNamespaceMapper.enterNamespace(map.filled(from: .ofOrdinaryUser()), isExact: !map.isEmpty)
    return Identities(.namespace, map: map)
  }

  /// Moves an ordinary user's process to a user namespace whose root is this user, and whose other ids are the user's
  /// subordinate ones.
  ///
  /// A child tries it first: a process in a namespace without ids can't go back.
  /// - Returns: nil, with a warning on the log, if there are no subordinate ids or they can't be used. The process stays where
  ///   it was.
  /// - Throws: the step that failed.
  package static func ofUserWithSubordinates() throws(StageError) -> Identities? {
    let map = IdentityMap.ofOrdinaryUser()
    guard map.users.count > 1, map.groups.count > 1 else {
      Log.write(
        .warning,
        "all that clients make is user \(Process.uid)'s, since that user has no subordinate ids: usermod --add-subuids "
          + "100000-165535 --add-subgids 100000-165535")
      return nil
    }
    let isPossible = try stage("try a user namespace") { () throws(Errno) in
      guard let child = try Process.fork() else {
        do throws(StageError) {
          try UserNamespaceMapper.enterNamespace(map, isExact: true)
        } catch {
          Process.end(1)
        }
        Process.end(0)
      }
      return try Process.wait(for: child) == 0
    }
    guard isPossible else {
      Log.write(
        .warning,
        "all that clients make is user \(Process.uid)'s, since newuidmap and newgidmap, which Debian and Ubuntu have in the "
          + "package uidmap, can't be used")
      return nil
    }
    try UserNamespaceMapper.enterNamespace(map, isExact: true)
    return Identities(.namespace, map: map)
  }

  /// Moves an ordinary user's process to a user namespace that has this user and the own group alone, as the same numbers. The
  /// process has all capabilities over them; its rights to other users' files don't change.
  ///
  /// - Throws: the step that failed.
  package static func ofUserAlone() throws(StageError) -> Identities {
    func range(_ id: UInt32) -> [IdentityRange] { IdentityRange(guest: id, host: id, count: 1).map { [$0] } ?? [] }
    return try ofOrdinaryUser(IdentityMap(users: range(Process.uid), groups: range(Process.gid)))
  }

  /// Moves the process to its user namespace, with the fsuid and fsgid of the first user and group there.
  ///
  /// Its real, effective and saved ids aren't in the namespace: by the first user's, that user of the host could signal the
  /// process; by root's, the process could change the kernel's settings if `/proc/sys` were in the export.
  ///
  /// Call this after the sandbox, whose mounts the process then can't change.
  /// - Throws: the step that failed.
  package borrowing func enterNamespace() throws(StageError) {
    switch own {
    case .some(let own):
      if let holder {
        try stage("become user \(holder.uid)") { () throws(Errno) in try Thread.become(keepingCapabilities: holder) }
      }
      try stage("enter the user namespace") { () throws(Errno) in
        try UserNamespace.enter(own)
        try Thread.set(fileSystem: try Identity(uid: first.uid, gid: first.gid))
      }
    case .none: break
    }
  }
}
