internal import CLinux
package import SystemPackage

/// The user that a thread serves: what the kernel checks its access to files against.
package struct ThreadUser: Sendable {
  package let identity: Identity
  package let groups: [UInt32]
  /// The real, effective and saved ids of the thread, which decide who may send it signals, change its limits or trace it.
  /// They are no account's, so that only root may. nil keeps those that the thread has.
  let holder: Identity?

  /// - Parameters:
  ///   - identity: the file-system ids.
  ///   - groups: the supplementary groups.
  ///   - holder: the other ids. Becoming these needs a process that keeps its capabilities
  ///     (``Process/lockSecureBits(keepingCapabilities:)``).
  package init(_ identity: Identity, groups: [UInt32] = [], holder: Identity? = nil) {
    self.identity = identity
    self.groups = groups
    self.holder = holder
  }

  /// Whether this is one of the user's groups.
  package func has(group: UInt32) -> Bool { identity.gid == group || groups.contains(group) }
}

// The system calls here are the bare ones, of the calling thread alone: glibc's would have every thread make them.
extension Thread {
  /// Makes the calling thread act as this user, for good: it has no capability any more. Other threads stay as they are.
  ///
  /// The system calls are `setgroups`, `setresgid`, `setresuid`, `setfsgid`, `setfsuid` and `capset`.
  /// - Throws: `EPERM` without CAP_SETGID or CAP_SETUID, `EINVAL` or `EOVERFLOW` where the user namespace has no such
  ///   group or user. The thread may then have changed in part.
  package static func become(_ user: ThreadUser) throws(Errno) {
    if !user.groups.isEmpty || Process.hasSupplementaryGroups { try set(groups: user.groups) }
    if let holder = user.holder { try set(realEffectiveAndSaved: holder) }
    try set(fileSystem: user.identity)
    try ThreadCapabilities(effective: .none, permitted: .none, inheritable: .none).apply()
  }

  /// Gives the calling thread these real, effective and saved ids, and root's or whichever capabilities it has.
  ///
  /// The system calls are `prctl(PR_SET_KEEPCAPS)` and those of ``become(_:)``.
  /// - Throws: `EPERM` without CAP_SETGID or CAP_SETUID, `EINVAL` where the user namespace has no such id.
  package static func become(keepingCapabilities holder: Identity) throws(Errno) {
    _ = try valueOrErrno(kernel: cl_prctl(PR_SET_KEEPCAPS, 1, 0))
    try set(realEffectiveAndSaved: holder)
  }

  /// Has the calling thread make and use files as these ids. The system calls are `setfsgid` and `setfsuid`.
  ///
  /// - Throws: `EPERM` without CAP_SETGID or CAP_SETUID, `EOVERFLOW` where the user namespace has no such group or user.
  package static func set(fileSystem identity: Identity) throws(Errno) {
    // The calls have no error: asking again, by an id that is never valid, is the only way to know.
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

  // Leaving root for others makes capabilities ineffective, where they are kept at all.
  private static func set(realEffectiveAndSaved holder: Identity) throws(Errno) {
    let own = try ThreadCapabilities.current()
    _ = try valueOrErrno(kernel: cl_setresgid(holder.gid))
    _ = try valueOrErrno(kernel: cl_setresuid(holder.uid))
    try own.apply()
  }
}
