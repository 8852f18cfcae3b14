internal import CLinux
package import SystemPackage

/// Writing by a thread of root's to open files as an ordinary user.
///
/// The kernel clears the set-user-ID and set-group-ID bits of a file that a thread without CAP_FSETID writes to, and ext4
/// gives the blocks reserved for root to fsuid 0. Threads with the same credentials may share the value.
package struct OrdinaryWriting: Sendable {
  private let own: ThreadCapabilities
  /// The fsuid to write as; nil if the thread isn't root and only the capability matters.
  private let stranger: UInt32?

  /// Reads the calling thread's credentials. The system calls are those of ``ThreadIdentity``.
  package init() throws(Errno) {
    own = try ThreadCapabilities.current()
    let bits = try valueOrErrno(kernel: cl_prctl(PR_GET_SECUREBITS, 0, 0))
    // Leaving fsuid 0 clears CAP_FSETID and others; returning restores them.
    let followsRoot = cl_setfsuid(.max) == 0 && bits & Int(CL_SECBIT_NO_SETUID_FIXUP) == 0
    guard followsRoot, own.effective.contains(.setuid | .fsetid) else {
      stranger = nil
      return
    }
    _ = cl_setfsuid(Self.overflowUid)
    stranger = cl_setfsuid(.max) == Self.overflowUid ? Self.overflowUid : nil
    Self.returnToRoot()
  }

  /// Calls `body` as another user than root, without capabilities over files. The process ends if the thread can't return
  /// to root.
  ///
  /// The system calls are `setfsuid`, or `capset` if the thread isn't root.
  package func write<Value: ~Copyable>(_ body: () throws(Errno) -> Value) throws(Errno) -> Value {
    guard let stranger else { return try own.clearingSetIDs(body) }
    _ = cl_setfsuid(stranger)
    defer { Self.returnToRoot() }
    // Without memory the kernel doesn't change the fsuid.
    guard cl_setfsuid(.max) == stranger else { throw .noMemory }
    return try body()
  }

  private static func returnToRoot() {
    _ = cl_setfsuid(0)
    if cl_setfsuid(.max) != 0 { die("can't return to the own user", error: .notPermitted) }
  }

  /// The overflow uid. Any user but root would do: this one owns nothing, and only a FUSE server can see it.
  private static let overflowUid: UInt32 = 65_534
}
