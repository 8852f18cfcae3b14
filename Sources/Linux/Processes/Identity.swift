internal import CLinux
internal import Glibc
internal import Synchronization
package import SystemPackage

/// As whom something is made.
package struct Identity: Equatable, Sendable {
  package let uid: UInt32
  package let gid: UInt32

  /// - Throws: `EINVAL` for the id -1, which means "leave it as it is" to the kernel and nobody to us.
  package init(uid: UInt32, gid: UInt32) throws(Errno) {
    guard uid != .max, gid != .max else { throw .invalidArgument }
    self.uid = uid
    self.gid = gid
  }
}

/// The calling thread's own identity, and how it acts as another for a moment.
///
/// These are the bare system calls, of this thread alone: glibc's `setres*id` functions signal every thread of the
/// process. `setfsuid` changes who the thread is to file systems only, so nobody new may signal the process. Each change
/// makes the kernel copy the thread's credentials, which takes as long as making a file, so none is made that isn't
/// needed.
package struct ThreadIdentity: ~Copyable {
  private let uid: UInt32
  private let own: ThreadCapabilities
  private let lent: ThreadCapabilities
  /// Whether the kernel takes the file capabilities away from a thread that leaves fsuid 0, and gives them back to one that
  /// returns, `capabilities(7)`.
  private let followsRoot: Bool
  /// Whether the own user makes files without any change: root does, and who has no capability that others may not have.
  private let isPlain: Bool
  /// The group that files are made as. It stays the last one asked for: with the own user's capabilities it makes no
  /// difference to anything but making files.
  private let gid: Atomic<UInt32>

  /// Remembers who the calling thread is. Its capabilities must not change afterwards but by ``acting(as:_:)``.
  ///
  /// The system calls are `setfsuid` and `setfsgid` with an id that is never valid, `capget` and `prctl`.
  package init() throws(Errno) {
    let bits = try valueOrErrno(kernel: cl_prctl(PR_GET_SECUREBITS, 0, 0))
    let own = try ThreadCapabilities.current()
    uid = cl_setfsuid(.max)
    followsRoot = uid == 0 && bits & Int(CL_SECBIT_NO_SETUID_FIXUP) == 0
    gid = Atomic(cl_setfsgid(.max))
    self.own = own
    // Guests send no supplementary groups: DAC_OVERRIDE stands in for what those would allow.
    lent = ThreadCapabilities(
      effective: own.effective & .dacOverride, permitted: own.permitted, inheritable: own.inheritable)
    isPlain = uid == 0 || own == lent
  }

  /// Calls `body` with files made as `identity`, then is the own user again; the process ends if that fails.
  ///
  /// Acting for another user than root no capability over files is effective, so that the kernel refuses what that user may
  /// not do: device files, a set-group-ID bit for a group of others. Where `body` is refused access it is called once more
  /// with CAP_DAC_OVERRIDE. Root keeps all capabilities whatever the group, as in a guest.
  ///
  /// - Throws: `EOVERFLOW` where the user namespace has no such user or group, `EPERM` where the thread may not become
  ///   another, or what `body` throws.
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

  /// Calls `body` without CAP_FSETID, so that the kernel takes set-user-ID and set-group-ID bits away from what is written
  /// to, as from an ordinary user's writing. The process ends where the capability can't be taken back.
  ///
  /// The system call is `capset`.
  package borrowing func clearingSetIDs<Value: ~Copyable>(
    _ body: () throws(Errno) -> Value
  ) throws(Errno) -> Value {
    try own.clearingSetIDs(body)
  }

  // Without the capability the kernel allows the thread's real, effective and saved ids. They are the server's, not the
  // user's that a connection's thread acts as.

  private func assume(gid wanted: UInt32) throws(Errno) {
    guard own.effective.contains(.setgid) else { throw .notPermitted }
    _ = cl_setfsgid(wanted)
    // The call has no error: asking again is the only way to know.
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

  /// - Parameter lost: whether capabilities were given up that fsuid 0 doesn't bring back.
  private func restoreUid(_ lost: Bool) {
    if lost {
      // CAP_SETUID may be among them, which the way back takes where no other id of the thread is this one.
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
