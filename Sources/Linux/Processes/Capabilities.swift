internal import CLinux

/// A set of capabilities, `capabilities(7)`.
package struct Capabilities: Equatable, Sendable {
  /// A bit for each capability.
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

  /// The union of the sets.
  package static func | (one: Capabilities, other: Capabilities) -> Capabilities {
    Capabilities(rawValue: one.rawValue | other.rawValue)
  }

  /// The intersection of the sets.
  package static func & (one: Capabilities, other: Capabilities) -> Capabilities {
    Capabilities(rawValue: one.rawValue & other.rawValue)
  }

  package var isEmpty: Bool { rawValue == 0 }

  /// True if all of these are in the set.
  package func contains(_ capabilities: Capabilities) -> Bool {
    self & capabilities == capabilities
  }

  package func subtracting(_ capabilities: Capabilities) -> Capabilities {
    Capabilities(rawValue: rawValue & ~capabilities.rawValue)
  }

  /// Calls `body` with the name of each capability, as in `capabilities(7)`, in the kernel's order.
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

  /// The names, separated by commas.
  package var names: String {
    var names = ""
    forEachName { names += names.isEmpty ? "\($0)" : ", \($0)" }
    return names
  }
}
