internal import CLinux
internal import Glibc
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
/// process. `setfsuid` changes who the thread is to file systems only, so nobody new may signal the process.
package struct ThreadIdentity: Sendable {
  private let uid: UInt32
  private let gid: UInt32
  private let own: ThreadCapabilities
  private let lent: ThreadCapabilities

  /// Remembers who the calling thread is. Its capabilities must not change afterwards but by ``acting(as:_:)``.
  ///
  /// The system calls are `setfsuid` and `setfsgid` with an id that is never valid, and `capget`.
  package init() throws(Errno) {
    uid = cl_setfsuid(.max)
    gid = cl_setfsgid(.max)
    own = try .current()
    // Guests send no supplementary groups: DAC_OVERRIDE stands in for what those would allow.
    lent = ThreadCapabilities(
      effective: own.effective & .dacOverride, permitted: own.permitted, inheritable: own.inheritable)
  }

  /// Calls `body` with files made as `identity`, then is itself again; the process ends if that fails.
  ///
  /// Acting for another user than root only CAP_DAC_OVERRIDE stays effective, so that the kernel refuses what that
  /// user may not do: device files, a set-group-ID bit for a group of others. Root keeps all capabilities whatever the
  /// group, as in a guest.
  ///
  /// - Throws: `EOVERFLOW` where the user namespace has no such user or group, `EPERM` where the thread may not become
  ///   another, or what `body` throws.
  @inline(__always)
  package func acting<Value: ~Copyable>(
    as identity: Identity, _ body: () throws(Errno) -> Value
  ) throws(Errno) -> Value {
    if identity.gid != gid { try assume(gid: identity.gid) }
    defer { if identity.gid != gid { restoreGid() } }
    // In a user namespace the own user needn't be root.
    let isOwnRoot = identity.uid == uid && uid == 0
    if !isOwnRoot { try assume(uid: identity.uid) }
    defer { if !isOwnRoot { restoreUid() } }
    return try body()
  }

  private func assume(gid: UInt32) throws(Errno) {
    _ = cl_setfsgid(gid)
    // The call has no error: asking again is the only way to know.
    guard cl_setfsgid(.max) == gid else {
      restoreGid()
      throw own.effective.contains(.setgid) ? .overflow : .notPermitted
    }
  }

  private func assume(uid: UInt32) throws(Errno) {
    _ = cl_setfsuid(uid)
    guard cl_setfsuid(.max) == uid else {
      restoreUid()
      throw own.effective.contains(.setuid) ? .overflow : .notPermitted
    }
    guard uid != 0 else { return }
    do throws(Errno) {
      try lent.apply()
    } catch {
      restoreUid()
      throw error
    }
  }

  private func restoreGid() {
    _ = cl_setfsgid(gid)
    if cl_setfsgid(.max) != gid { die("can't return to the own group", .notPermitted) }
  }

  private func restoreUid() {
    _ = cl_setfsuid(uid)
    if cl_setfsuid(.max) != uid { die("can't return to the own user", .notPermitted) }
    do throws(Errno) {
      try own.apply()
    } catch {
      die("can't take the own capabilities back", error)
    }
  }
}
