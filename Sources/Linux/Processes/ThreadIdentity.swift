internal import CLinux
internal import Glibc
internal import Synchronization
package import SystemPackage

/// The calling thread's own identity. The thread can act as another for the time of a call.
///
/// It uses the bare system calls, which concern this thread alone: glibc's `setres*id` functions signal every thread of the
/// process. `setfsuid` changes the user for file systems only, so it doesn't let another user signal the process. For each
/// change the kernel copies the thread's credentials, which takes as long as making a file, so unneeded changes are avoided.
package struct ThreadIdentity: ~Copyable {
  private let uid: UInt32
  private let own: ThreadCapabilities
  private let lent: ThreadCapabilities
  /// True if the kernel clears the file capabilities of a thread that leaves fsuid 0, and restores them when it returns,
  /// `capabilities(7)`.
  private let followsRoot: Bool
  /// True if acting as the own user takes no change: as root, or without a capability that other users don't keep.
  private let isPlain: Bool
  /// The thread's fsgid. It stays the last one asked for: with the own user's capabilities it matters only for making files.
  private let gid: Atomic<UInt32>

  /// Reads the calling thread's identity. Afterwards only ``acting(as:_:)`` may change its capabilities.
  ///
  /// The system calls are `setfsuid` and `setfsgid` with an id that is never valid, `capget` and `prctl`.
  package init() throws(Errno) {
    let bits = try valueOrErrno(kernel: cl_prctl(PR_GET_SECUREBITS, 0, 0))
    let own = try ThreadCapabilities.current()
    uid = cl_setfsuid(.max)
    followsRoot = uid == 0 && bits & Int(CL_SECBIT_NO_SETUID_FIXUP) == 0
    gid = Atomic(cl_setfsgid(.max))
    self.own = own
    // The other user's supplementary groups aren't known: DAC_OVERRIDE allows what they would.
    lent = ThreadCapabilities(
      effective: own.effective & .dacOverride, permitted: own.permitted, inheritable: own.inheritable)
    isPlain = uid == 0 || own == lent
  }

  /// Calls `body` with the fsuid and fsgid of `identity`, then restores the own fsuid; the process ends if that fails.
  ///
  /// For another user than root no capability over files is effective, so the kernel refuses what that user may not do:
  /// device files, the set-group-ID bit for a foreign group. If `body` throws `EACCES`, it is called once more with
  /// CAP_DAC_OVERRIDE. Root keeps all capabilities, whatever its group.
  ///
  /// - Throws: `EOVERFLOW` if the user namespace has no such user or group, `EPERM` without CAP_SETUID or CAP_SETGID, or the
  ///   error of `body`.
  @inline(__always)
  package borrowing func acting<Value: ~Copyable>(
    as identity: Identity, _ body: () throws(Errno) -> Value
  ) throws(Errno) -> Value {
    if identity.gid != gid.load(ordering: .relaxed) { try assume(gid: identity.gid) }
    // In a user namespace the own user needn't be root.
    if identity.uid == uid && isPlain { return try body() }
    try assume(uid: identity.uid)
    var hasLent = !followsRoot
    defer { restoreUid(hasLent) }
    if hasLent && identity.uid != 0 { try lent.apply() }
    do throws(Errno) {
      return try body()
    } catch .permissionDenied where !hasLent {
      try lent.apply()
      hasLent = true
      return try body()
    }
  }

  /// Calls `body` without CAP_FSETID, so that the kernel clears the set-user-ID and set-group-ID bits of a file that is
  /// written to. The process ends if the capability can't be restored.
  ///
  /// The system call is `capset`.
  package borrowing func clearingSetIDs<Value: ~Copyable>(
    _ body: () throws(Errno) -> Value
  ) throws(Errno) -> Value {
    try own.clearingSetIDs(body)
  }

  // Without the capability the kernel allows the thread's real, effective and saved ids, which aren't the user's that the
  // thread acts as.

  private func assume(gid wanted: UInt32) throws(Errno) {
    guard own.effective.contains(.setgid) else { throw .notPermitted }
    _ = cl_setfsgid(wanted)
    // The call reports no error: only a second call tells the result.
    let holds = cl_setfsgid(.max)
    gid.store(holds, ordering: .relaxed)
    guard holds == wanted else { throw .overflow }
  }

  private func assume(uid wanted: UInt32) throws(Errno) {
    guard wanted == uid || own.effective.contains(.setuid) else { throw .notPermitted }
    _ = cl_setfsuid(wanted)
    guard cl_setfsuid(.max) == wanted else {
      restoreUid(false)
      throw .overflow
    }
  }

  /// - Parameter lost: true if capabilities were cleared that fsuid 0 doesn't restore.
  private func restoreUid(_ lost: Bool) {
    if lost {
      // CAP_SETUID may be among them, which setfsuid needs if no other id of the thread is this one.
      do throws(Errno) {
        try own.apply()
      } catch {
        die("can't take the own capabilities back", error: error)
      }
    }
    _ = cl_setfsuid(uid)
    if cl_setfsuid(.max) != uid { die("can't return to the own user", error: .notPermitted) }
  }
}
