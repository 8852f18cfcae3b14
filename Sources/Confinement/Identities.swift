package import Linux
internal import SystemPackage

/// How a guest's users and groups become the host's.
package struct Identities: ~Copyable {
  /// Who translates.
  package enum Kind: Sendable {
    /// Nobody: they are the same numbers.
    case same
    /// The export's mount, so that all who look through it agree.
    case mount
    /// The user namespace that the process is in, for it alone.
    case namespace
  }

  package let kind: Kind
  /// The user namespace whose map the mount is to translate by: from the host's ids to the guest's.
  let translation: Descriptor?
  /// The user namespace to be in when serving. Privileges count for the ids in it, and for nobody else's files.
  private let own: Descriptor?
  /// As whom files are used there.
  private let first: (uid: UInt32, gid: UInt32)
  /// The other ids of the process there, which nobody's processes have.
  private let holder: Identity?

  private init(
    _ kind: Kind, _ map: IdentityMap, translation: consuming Descriptor? = nil, own: consuming Descriptor? = nil,
    holder: Identity? = nil
  ) {
    self.kind = kind
    self.translation = translation
    self.own = own
    self.holder = holder
    first = map.first
  }

  /// As the log calls it.
  package var name: StaticString {
    switch kind {
    case .same: "same"
    case .mount: "idmapped-mount"
    case .namespace: "user-namespace"
    }
  }

  /// Nobody translates, and there is no namespace to enter.
  package static var same: Identities { Identities(.same, IdentityMap()) }

  /// Has the export's mount translate, which takes CAP_SYS_ADMIN, and what ``Sandbox/namespace`` does.
  ///
  /// It is tried on a mount that nobody sees.
  /// - Parameters:
  ///   - map: what it leaves open stays the same numbers.
  ///   - export: a directory.
  ///   - holder: the ids that the process has when it serves, but for those that files are used as. nil keeps root's.
  /// - Returns: what ``Sandbox/enter(_:readOnly:identities:)`` applies and ``enterNamespace()`` enters.
  /// - Throws: the step that failed, as where one of the file systems can't do that.
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
    return Identities(.mount, map, translation: translation, own: own, holder: holder)
  }

  /// Has a user namespace translate, which root makes for the process to enter.
  ///
  /// - Parameters:
  ///   - map: what it leaves open stays the same numbers.
  ///   - holder: as in ``byMount(_:of:holder:)``.
  /// - Returns: what ``enterNamespace()`` enters.
  /// - Throws: the step that failed.
  package static func byNamespace(_ map: IdentityMap, holder: Identity?) throws(StageError) -> Identities {
    let map = map.filled(from: .same)
    return Identities(.namespace, map, own: try UserNamespace.made(with: map), holder: holder)
  }

  /// Moves an ordinary user's process into a user namespace, where it has all capabilities over the ids in the map.
  ///
  /// It becomes the first user and the first group of the map there.
  /// - Parameter map: of what it leaves open the guest's root is this user, and the guest's next ids are the user's
  ///   subordinate ones, as far as there are any.
  /// - Returns: that of where the process is now.
  /// - Throws: the step that failed.
  package static func ofOrdinaryUser(_ map: IdentityMap) throws(StageError) -> Identities {
    try UserNamespaceMapper.enterNamespace(map.filled(from: .ofOrdinaryUser()), isExact: !map.isEmpty)
    return Identities(.namespace, map)
  }

  /// Moves an ordinary user's process into a user namespace whose root is this user, and whose other ids are the user's
  /// subordinate ones, if it has any.
  ///
  /// A child tries it first: a process that is in a namespace without ids can't go back.
  /// - Returns: nil where the user has none, or they can't be used, which is on the log. The process is where it was.
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
    return Identities(.namespace, map)
  }

  /// Moves an ordinary user's process into a user namespace that has this user and the own group, as themselves, and where it
  /// has all capabilities over them. What it may do to others' files stays what it was.
  ///
  /// - Throws: the step that failed.
  package static func ofUserAlone() throws(StageError) -> Identities {
    func range(_ id: UInt32) -> [IdentityRange] { IdentityRange(guest: id, host: id, count: 1).map { [$0] } ?? [] }
    return try ofOrdinaryUser(IdentityMap(users: range(Process.uid), groups: range(Process.gid)))
  }

  /// Moves the process into the user namespace that was made for it. It uses files as that one's first user and group.
  ///
  /// Its other ids aren't in the namespace: those of the first user are a user's of the host, who could signal it. And as
  /// root's they would let it change the kernel's settings, if `/proc/sys` were in the export.
  ///
  /// This comes after the sandbox, whose mounts then aren't the process's to change.
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
