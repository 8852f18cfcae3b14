internal import CLinux
package import SystemPackage

/// The user whose permissions the kernel checks a thread's file accesses against.
package struct ThreadUser: Sendable {
  package let identity: Identity
  package let groups: [UInt32]
  /// The real, effective and saved ids of the thread, which decide what user may signal it, change its limits or trace it. If
  /// no account has them, only root may. nil keeps the thread's.
  let holder: Identity?

  /// - Parameters:
  ///   - identity: the file-system ids.
  ///   - groups: the supplementary groups.
  ///   - holder: the real, effective and saved ids. Becoming these needs a process that keeps its capabilities
  ///     (``Process/lockSecureBits(keepingCapabilities:)``).
  package init(_ identity: Identity, groups: [UInt32] = [], holder: Identity? = nil) {
    self.identity = identity
    self.groups = groups
    self.holder = holder
  }

  /// Returns true if this is one of the user's groups.
  package func has(group: UInt32) -> Bool { identity.gid == group || groups.contains(group) }
}

// These are the bare system calls, which concern the calling thread alone: glibc's functions concern every thread.
extension Thread {
  /// Makes the calling thread act as this user, irrevocably: it loses all capabilities. Other threads don't change.
  ///
  /// The system calls are `setgroups`, `setresgid`, `setresuid`, `setfsgid`, `setfsuid` and `capset`.
  /// - Throws: `EPERM` without CAP_SETGID or CAP_SETUID, `EINVAL` or `EOVERFLOW` if the user namespace has no such group or
  ///   user. The thread may have changed in part.
  package static func become(_ user: ThreadUser) throws(Errno) {
    if !user.groups.isEmpty || Process.hasSupplementaryGroups { try set(groups: user.groups) }
    if let holder = user.holder { try set(realEffectiveAndSaved: holder) }
    try set(fileSystem: user.identity)
    try ThreadCapabilities(effective: .none, permitted: .none, inheritable: .none).apply()
  }

  /// Sets the calling thread's real, effective and saved ids, and keeps its capabilities.
  ///
  /// The system calls are `prctl(PR_SET_KEEPCAPS)` and those of ``become(_:)``.
  /// - Throws: `EPERM` without CAP_SETGID or CAP_SETUID, `EINVAL` if the user namespace has no such id.
  package static func become(keepingCapabilities holder: Identity) throws(Errno) {
    _ = try valueOrErrno(kernel: cl_prctl(PR_SET_KEEPCAPS, 1, 0))
    try set(realEffectiveAndSaved: holder)
  }

  /// Sets the calling thread's fsgid and fsuid. The system calls are `setfsgid` and `setfsuid`.
  ///
  /// - Throws: `EPERM` without CAP_SETGID or CAP_SETUID, `EOVERFLOW` if the user namespace has no such group or user.
  package static func set(fileSystem identity: Identity) throws(Errno) {
    // The calls report no error: only a second call, with an invalid id, tells the result.
    _ = cl_setfsgid(identity.gid)
    guard cl_setfsgid(.max) == identity.gid else { throw try failure(without: .setgid) }
    _ = cl_setfsuid(identity.uid)
    guard cl_setfsuid(.max) == identity.uid else { throw try failure(without: .setuid) }
  }

  private static func failure(without needed: Capabilities) throws(Errno) -> Errno {
    try ThreadCapabilities.current().effective.contains(needed) ? .overflow : .notPermitted
  }

  private static func set(groups: [UInt32]) throws(Errno) {
    try unsafe groups.withUnsafeBufferPointer { groups throws(Errno) in
      _ = try unsafe valueOrErrno(kernel: cl_setgroups(groups.count, groups.baseAddress))
    }
  }

  // Leaving uid 0 clears the effective capabilities, even if the permitted ones are kept.
  private static func set(realEffectiveAndSaved holder: Identity) throws(Errno) {
    let own = try ThreadCapabilities.current()
    _ = try valueOrErrno(kernel: cl_setresgid(holder.gid))
    _ = try valueOrErrno(kernel: cl_setresuid(holder.uid))
    try own.apply()
  }
}
