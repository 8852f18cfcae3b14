internal import Linux
internal import SystemPackage

// A process can't map others' ids into the user namespace that it is in. So either a child is in the namespace while this
// process writes its maps, or a child stays outside and writes the maps of this process's.

extension UserNamespace {
  /// Makes a namespace with this map, as root. It lives as long as the descriptor, without a process.
  static func made(with map: IdentityMap) throws(StageError) -> Descriptor {
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
        try UserNamespace.write(map: map.users.kernelMap, kind: .user, of: holder)
        try UserNamespace.write(map: map.groups.kernelMap, kind: .group, of: holder)
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
      throw StageError(stage: "make a user namespace", error: error)
    }
  }

  /// Runs as the child of ``made(with:)``.
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
}

/// Writes the id maps of an ordinary user's process, in a new user namespace, from outside.
struct UserNamespaceMapper {
  private let map: IdentityMap
  private let process: Int32
  /// True if the whole map is needed, and not only the user's own id.
  private let isExact: Bool

  /// Moves the process to a new namespace with this map, as the map's first user and group.
  static func enterNamespace(_ map: IdentityMap, isExact: Bool) throws(StageError) {
    let mapper = UserNamespaceMapper(map: map, process: Process.identifier, isExact: isExact)
    let status: Int32
    do throws(Errno) {
      let isUnshared = try Pipe()
      guard let child = try Process.fork() else { mapper.run(after: isUnshared.receiver()) }
      let unshared = isUnshared.sender()
      try UserNamespace.unshareIdentities()
      unshared.send()
      status = try Process.wait(for: child)
    } catch {
      throw StageError(
        stage: "make a user namespace (\(UserNamespaceRestriction.advice))", error: error)
    }
    try check(status)
    try stage("become the map's first user") { () throws(Errno) in
      try UserNamespace.become(uid: map.first.uid, gid: map.first.gid)
    }
  }

  /// Runs as the child, and ends with a status for ``check(_:)``.
  private func run(after isUnshared: consuming PipeReceiver) -> Never {
    Process.end(isUnshared.wait() ? giveAll() : 0)
  }

  private func giveAll() -> Int32 {
    do throws(Errno) {
      try give(map.users, kind: .user, own: Process.uid)
    } catch {
      return error.rawValue & 0x7f
    }
    do throws(Errno) {
      try give(map.groups, kind: .group, own: Process.gid)
    } catch {
      return error.rawValue & 0x7f | 0x80
    }
    return 0
  }

  /// - Throws: the error in the status of ``run(after:)``.
  private static func check(_ status: Int32) throws(StageError) {
    guard status != 0 else { return }
    throw StageError(
      stage: status & 0x80 == 0
        ? "map users (an ordinary user may map the own one, and those that /etc/subuid grants)"
        : "map groups (an ordinary user may map the own one, and those that /etc/subgid grants)",
      error: Errno(rawValue: status & 0x7f))
  }

  private func give(_ ranges: [IdentityRange], kind: IdentityKind, own: UInt32) throws(Errno) {
    let first = ranges.prefix(1).filter { $0.host == own && $0.count == 1 }
    guard ranges.count > first.count else {
      if !isExact, kind == .user {
        warn("user \(own) has no ids in /etc/subuid: usermod --add-subuids 100000-165535 --add-subgids 100000-165535")
      }
      return try giveOwn(first, kind: kind)
    }
    do throws(Errno) {
      try giveByProgram(ranges, kind: kind)
    } catch {
      guard !isExact, !first.isEmpty else { throw error }
      if kind == .user {
        warn(
          error == .noSuchFileOrDirectory
            ? "there is no newuidmap, which Debian and Ubuntu have in the package uidmap"
            : "newuidmap failed")
      }
      try giveOwn(first, kind: kind)
    }
  }

  private func warn(_ reason: String) {
    Log.write(
      .warning, "only the guest's root is a user of the host's, and others' files can't keep their owners: \(reason)")
  }

  /// Maps the one id that the kernel lets an ordinary user map.
  private func giveOwn(_ ranges: [IdentityRange], kind: IdentityKind) throws(Errno) {
    if kind == .group { try UserNamespace.denyLeavingGroups(of: process) }
    try UserNamespace.write(map: ranges.kernelMap, kind: kind, of: process)
  }

  /// Maps ids by `newuidmap(1)` and `newgidmap(1)`, set-user-ID programs that check what a user may map.
  private func giveByProgram(_ ranges: [IdentityRange], kind: IdentityKind) throws(Errno) {
    var words = [kind == .user ? "newuidmap" : "newgidmap", "\(process)"]
    for range in ranges { words += ["\(range.guest)", "\(range.host)", "\(range.count)"] }
    guard try Process.wait(for: Process.spawn(words)) == 0 else { throw .notPermitted }
  }
}
