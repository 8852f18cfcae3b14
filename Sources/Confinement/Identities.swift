package import Linux
internal import SystemPackage

/// How a guest's users and groups become the host's.
package enum Identities: ~Copyable {
  /// They are the same numbers.
  case same
  /// The mount translates, by the map of this user namespace: ``IdentityMap/reversed``. All who see the export by that
  /// mount agree.
  case mount(Descriptor)
  /// The process is in a user namespace, which translates for it alone.
  case namespace

  /// Whether they depend on ``Sandbox/namespace``.
  package var needMount: Bool {
    switch self {
    case .mount: true
    default: false
    }
  }

  /// As the log calls it.
  package var name: StaticString {
    switch self {
    case .same: "same"
    case .mount: "idmapped-mount"
    case .namespace: "user-namespace"
    }
  }

  /// Has the export's mount translate. The process needs CAP_SYS_ADMIN, and what ``Sandbox/namespace`` does.
  ///
  /// It is tried on a mount that nobody sees.
  /// - Throws: the step that failed, as where one of the file systems can't do that.
  package static func byMount(_ map: IdentityMap, of export: borrowing Descriptor) throws(StageError) -> Identities {
    let namespace = try UserNamespace.made(with: map.filled(from: .same).reversed)
    try stage("chdir to the export") { () throws(Errno) in try export.becomeWorkingDirectory() }
    let mount = try stage("open_tree the export") { () throws(Errno) in try Mount.cloneWorkingDirectory() }
    try stage("map the ids of the export's mount") { () throws(Errno) in
      try Mount.mapIdentities(of: mount, by: namespace)
    }
    return .mount(namespace)
  }

  /// Moves the process into a user namespace, where it has all capabilities over the ids in the map and no others.
  ///
  /// It becomes the first user and the first group of the map there.
  /// - Parameter map: what it leaves open is root's to have as the same numbers. With an ordinary user the guest's root is
  ///   that user, and the guest's next ids are the user's subordinate ones, as far as there are any.
  /// - Returns: ``namespace``.
  /// - Throws: the step that failed.
  package static func byNamespace(_ map: IdentityMap) throws(StageError) -> Identities {
    try UserNamespace.enter(map)
    return .namespace
  }
}

extension IdentityMap {
  /// What an ordinary user has without asking for it.
  static func ofOrdinaryUser() -> IdentityMap {
    IdentityMap(users: ranges(.user, own: Process.uid), groups: ranges(.group, own: Process.gid))
  }

  private static func ranges(_ kind: IdentityKind, own: UInt32) -> [IdentityRange] {
    guard let first = IdentityRange(guest: 0, host: own, count: 1) else { return [] }
    var ranges = [first]
    SubordinateIdentities.add(of: Process.uid, kind, to: &ranges)
    return ranges
  }
}

extension UserNamespace {
  /// A namespace with this map, which no process needs to be in.
  fileprivate static func made(with map: IdentityMap) throws(StageError) -> Descriptor {
    do throws(Errno) {
      let isThere = try Pipe()
      let isDone = try Pipe()
      guard let holder = try Process.fork() else {
        hold(until: isDone.receiver(), saying: isThere.sender())
      }
      let done = isDone.sender()
      let namespace: Descriptor
      do throws(Errno) {
        guard isThere.receiver().wait() else { throw .notPermitted }
        try UserNamespace.map(map.users, .user, of: holder)
        try UserNamespace.map(map.groups, .group, of: holder)
        namespace = try descriptor(of: holder)
      } catch {
        done.send()
        _ = try Process.wait(for: holder)
        throw error
      }
      done.send()
      _ = try Process.wait(for: holder)
      return namespace
    } catch {
      throw StageError(stage: "make a user namespace for the export's mount", error: error)
    }
  }

  /// The other process of ``made(with:)``: is in the namespace while that is given its map.
  private static func hold(until isDone: consuming PipeReceiver, saying isThere: consuming PipeSender) -> Never {
    do throws(Errno) {
      try unshareIdentities()
      isThere.send()
    } catch {
      Process.end(1)
    }
    _ = isDone.wait()
    Process.end(0)
  }

  /// The ids of a namespace are given to it by a process outside: a child that is left behind there.
  fileprivate static func enter(_ map: IdentityMap) throws(StageError) {
    let isRoot = Process.uid == 0
    let mapper = Mapper(
      map: map.filled(from: isRoot ? .same : .ofOrdinaryUser()), process: Process.identifier, isExact: !map.isEmpty,
      isRoot: isRoot)
    guard let user = mapper.map.users.first, let group = mapper.map.groups.first else { return }
    let status: Int32
    do throws(Errno) {
      let isUnshared = try Pipe()
      guard let child = try Process.fork() else {
        mapper.run(after: isUnshared.receiver())
      }
      let unshared = isUnshared.sender()
      try unshareIdentities()
      unshared.send()
      status = try Process.wait(for: child)
    } catch {
      throw StageError(
        stage: "make a user namespace (are ordinary users allowed to? see BUGS in virtfs-proxy-helper(1))", error: error
      )
    }
    try Mapper.check(status)
    try stage("become the map's first user") { () throws(Errno) in
      try become(uid: user.guest, gid: group.guest)
    }
  }
}

/// Gives a process's new user namespace its ids, from outside.
private struct Mapper {
  let map: IdentityMap
  let process: Int32
  /// Whether a part of the map is better than none.
  let isExact: Bool
  let isRoot: Bool

  /// Ends the process when that is done, with a status that ``check(_:)`` explains.
  func run(after isUnshared: consuming PipeReceiver) -> Never {
    Process.end(isUnshared.wait() ? giveAll() : 0)
  }

  private func giveAll() -> Int32 {
    do throws(Errno) {
      try give(map.users, .user, own: Process.uid)
    } catch {
      return error.rawValue & 0x7f
    }
    do throws(Errno) {
      try give(map.groups, .group, own: Process.gid)
    } catch {
      return error.rawValue & 0x7f | 0x80
    }
    return 0
  }

  /// - Throws: what the status of ``run(after:)`` stands for.
  static func check(_ status: Int32) throws(StageError) {
    guard status != 0 else { return }
    throw StageError(
      stage: status & 0x80 == 0
        ? "map users (an ordinary user may map the own one, and those that /etc/subuid grants)"
        : "map groups (an ordinary user may map the own one, and those that /etc/subgid grants)",
      error: Errno(rawValue: status & 0x7f))
  }

  private func give(_ ranges: [IdentityRange], _ kind: IdentityKind, own: UInt32) throws(Errno) {
    guard !isRoot else { return try UserNamespace.map(ranges, kind, of: process) }
    // The first range alone is the own id's where this is the ordinary user's default.
    let first = ranges.prefix(1).filter { $0.host == own && $0.count == 1 }
    guard ranges.count > first.count else { return try giveOwn(first, kind) }
    do throws(Errno) {
      try giveByProgram(ranges, kind)
    } catch {
      guard !isExact, !first.isEmpty else { throw error }
      try giveOwn(first, kind)
    }
  }

  /// The one id that the kernel lets an ordinary user map.
  private func giveOwn(_ ranges: [IdentityRange], _ kind: IdentityKind) throws(Errno) {
    if kind == .group { try UserNamespace.denyLeavingGroups(of: process) }
    try UserNamespace.map(ranges, kind, of: process)
  }

  /// `newuidmap(1)` and `newgidmap(1)` are set-user-ID programs that know what a user may map.
  private func giveByProgram(_ ranges: [IdentityRange], _ kind: IdentityKind) throws(Errno) {
    var words = [kind == .user ? "newuidmap" : "newgidmap", "\(process)"]
    for range in ranges { words += ["\(range.guest)", "\(range.host)", "\(range.count)"] }
    guard try Process.wait(for: Process.spawn(words)) == 0 else { throw .notPermitted }
  }
}
