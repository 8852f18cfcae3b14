internal import CLinux
package import SystemPackage

/// How a thread of root's writes to open files for users who aren't root.
///
/// The kernel takes set-user-ID and set-group-ID bits away from what a thread without CAP_FSETID writes to, and ext4 gives
/// the blocks that are kept for root to fsuid 0. Threads of a process may share it if they have the same credentials.
package struct OrdinaryWriting: Sendable {
  private let own: ThreadCapabilities
  /// As whom to write; nil where the thread isn't root, and only the capability matters.
  private let stranger: UInt32?

  /// The system calls are those of ``ThreadIdentity``.
  package init() throws(Errno) {
    own = try ThreadCapabilities.current()
    let bits = try valueOrErrno(kernel: cl_prctl(PR_GET_SECUREBITS, 0, 0))
    // Leaving fsuid 0 takes CAP_FSETID and others away, and coming back gives them back.
    let followsRoot = cl_setfsuid(.max) == 0 && bits & Int(CL_SECBIT_NO_SETUID_FIXUP) == 0
    guard followsRoot, own.effective.contains(.setuid | .fsetid) else {
      stranger = nil
      return
    }
    _ = cl_setfsuid(Self.overflow)
    stranger = cl_setfsuid(.max) == Self.overflow ? Self.overflow : nil
    Self.returnToRoot()
  }

  /// Calls `body` as a user who isn't root, and with no capability over files. The process ends where the thread can't
  /// become itself again.
  ///
  /// The system calls are `setfsuid`, or `capset` where the thread isn't root.
  package func write<Value: ~Copyable>(_ body: () throws(Errno) -> Value) throws(Errno) -> Value {
    guard let stranger else { return try own.clearingSetIDs(body) }
    _ = cl_setfsuid(stranger)
    defer { Self.returnToRoot() }
    // Out of memory, the kernel leaves it as it is.
    guard cl_setfsuid(.max) == stranger else { throw .noMemory }
    return try body()
  }

  private static func returnToRoot() {
    _ = cl_setfsuid(0)
    if cl_setfsuid(.max) != 0 { die("can't return to the own user", error: .notPermitted) }
  }

  /// Any user but root would do. This one owns nothing, and only a file's server (FUSE) may see it.
  private static let overflow: UInt32 = 65_534
}
