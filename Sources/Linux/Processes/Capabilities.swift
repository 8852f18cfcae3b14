internal import CLinux
package import SystemPackage

/// A set of capabilities, `capabilities(7)`.
package struct Capabilities: Equatable, Sendable {
  /// One bit for each.
  package let rawValue: UInt64

  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  private init(bit: CInt) {
    rawValue = 1 << UInt64(bit)
  }

  package static var none: Capabilities { Capabilities(rawValue: 0) }
  package static var chown: Capabilities { Capabilities(bit: CAP_CHOWN) }
  package static var dacOverride: Capabilities { Capabilities(bit: CAP_DAC_OVERRIDE) }
  package static var dacReadSearch: Capabilities { Capabilities(bit: CAP_DAC_READ_SEARCH) }
  package static var fowner: Capabilities { Capabilities(bit: CAP_FOWNER) }
  package static var fsetid: Capabilities { Capabilities(bit: CAP_FSETID) }
  package static var setfcap: Capabilities { Capabilities(bit: CAP_SETFCAP) }
  package static var setgid: Capabilities { Capabilities(bit: CAP_SETGID) }
  package static var setuid: Capabilities { Capabilities(bit: CAP_SETUID) }
  package static var setpcap: Capabilities { Capabilities(bit: CAP_SETPCAP) }
  package static var sysChroot: Capabilities { Capabilities(bit: CAP_SYS_CHROOT) }
  package static var sysAdmin: Capabilities { Capabilities(bit: CAP_SYS_ADMIN) }
  package static var mknod: Capabilities { Capabilities(bit: CAP_MKNOD) }

  /// All capabilities of both.
  package static func | (one: Capabilities, other: Capabilities) -> Capabilities {
    Capabilities(rawValue: one.rawValue | other.rawValue)
  }

  /// The capabilities that are in both.
  package static func & (one: Capabilities, other: Capabilities) -> Capabilities {
    Capabilities(rawValue: one.rawValue & other.rawValue)
  }

  package var isEmpty: Bool { rawValue == 0 }

  /// Whether all of these are in it.
  package func contains(_ capabilities: Capabilities) -> Bool {
    self & capabilities == capabilities
  }

  package func subtracting(_ capabilities: Capabilities) -> Capabilities {
    Capabilities(rawValue: rawValue & ~capabilities.rawValue)
  }

  /// Calls `body` with the name of each, as `capabilities(7)` spells it, in the kernel's order.
  package func forEachName(_ body: (StaticString) -> Void) {
    func call(_ capability: Capabilities, _ name: StaticString) {
      if contains(capability) { body(name) }
    }
    call(.chown, "CAP_CHOWN")
    call(.dacOverride, "CAP_DAC_OVERRIDE")
    call(.dacReadSearch, "CAP_DAC_READ_SEARCH")
    call(.fowner, "CAP_FOWNER")
    call(.fsetid, "CAP_FSETID")
    call(.setgid, "CAP_SETGID")
    call(.setuid, "CAP_SETUID")
    call(.setpcap, "CAP_SETPCAP")
    call(.sysChroot, "CAP_SYS_CHROOT")
    call(.sysAdmin, "CAP_SYS_ADMIN")
    call(.mknod, "CAP_MKNOD")
    call(.setfcap, "CAP_SETFCAP")
  }

  /// Their names, with commas.
  package var names: String {
    var names = ""
    forEachName { names += names.isEmpty ? "\($0)" : ", \($0)" }
    return names
  }
}

/// What the calling thread could gain by executing a program.
package enum InheritableCapabilities {
  /// Empties the bounding and the ambient set, for good. The system call is `prctl`.
  ///
  /// - Throws: `EPERM` without CAP_SETPCAP.
  package static func drop() throws(Errno) {
    _ = try valueOrErrno(kernel: cl_prctl(PR_CAP_AMBIENT, UInt(PR_CAP_AMBIENT_CLEAR_ALL), 0))
    var bit: UInt = 0
    // Beyond the last one that the kernel knows, reading fails. What is read afterwards is the proof.
    while cl_prctl(PR_CAPBSET_READ, bit, 0) >= 0 {
      _ = try valueOrErrno(kernel: cl_prctl(PR_CAPBSET_DROP, bit, 0))
      guard cl_prctl(PR_CAPBSET_READ, bit, 0) == 0 else { throw .notPermitted }
      bit += 1
    }
  }
}

/// The calling thread's capability sets.
package struct ThreadCapabilities: Equatable, Sendable {
  package var effective: Capabilities
  package var permitted: Capabilities
  package var inheritable: Capabilities

  package init(effective: Capabilities, permitted: Capabilities, inheritable: Capabilities) {
    self.effective = effective
    self.permitted = permitted
    self.inheritable = inheritable
  }

  /// The system call is `capget`.
  package static func current() throws(Errno) -> ThreadCapabilities {
    var raw = cl_capabilities()
    _ = try unsafe valueOrErrno(kernel: cl_get_capabilities(&raw))
    return ThreadCapabilities(
      effective: Capabilities(rawValue: raw.effective), permitted: Capabilities(rawValue: raw.permitted),
      inheritable: Capabilities(rawValue: raw.inheritable))
  }

  /// Calls `body` without CAP_FSETID, where these are the calling thread's own; see
  /// ``ThreadIdentity/clearingSetIDs(_:)``.
  package func clearingSetIDs<Value: ~Copyable>(_ body: () throws(Errno) -> Value) throws(Errno) -> Value {
    guard effective.contains(.fsetid) else { return try body() }
    try ThreadCapabilities(
      effective: effective.subtracting(.fsetid), permitted: permitted, inheritable: inheritable
    ).apply()
    defer {
      do throws(Errno) {
        try apply()
      } catch {
        die("can't take the own capabilities back", error: error)
      }
    }
    return try body()
  }

  /// Makes these the calling thread's own. The system call is `capset`.
  package func apply() throws(Errno) {
    var raw = cl_capabilities(
      effective: effective.rawValue, permitted: permitted.rawValue, inheritable: inheritable.rawValue)
    _ = try unsafe valueOrErrno(kernel: cl_set_capabilities(&raw))
  }
}
