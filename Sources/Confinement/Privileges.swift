internal import CCapNG
package import Linux
internal import SystemPackage

/// What a process may do that others may not.
package enum Privileges {
  /// What serving as root takes: making, owning and changing files as any guest user.
  package static var serving: Capabilities {
    .chown | .dacOverride | .fowner | .fsetid | .setgid | .setuid | .mknod
  }

  /// Keeps `kept` and nothing else, effective and permitted. All other sets end empty: nothing that might be executed
  /// would have a capability.
  ///
  /// - Throws: the step that failed, such as cutting the bounding set without CAP_SETPCAP.
  package static func drop(allBut kept: Capabilities) throws(StageError) {
    try stage("leave supplementary groups") { () throws(Errno) in try Process.leaveSupplementaryGroups() }
    capng_clear(CAPNG_SELECT_ALL)
    let sets = capng_type_t(CAPNG_EFFECTIVE.rawValue | CAPNG_PERMITTED.rawValue)
    var rest = kept.rawValue
    while rest != 0 {
      let bit = UInt32(rest.trailingZeroBitCount)
      rest &= rest - 1
      guard capng_update(CAPNG_ADD, sets, bit) == 0 else {
        throw StageError(stage: "choose capability \(bit)", error: .invalidArgument)
      }
    }
    guard capng_apply(CAPNG_SELECT_ALL) == 0 else {
      throw StageError(stage: "drop capabilities (needs CAP_SETPCAP)", error: .notPermitted)
    }
    // What holds is what the kernel says, not what a library returned.
    let held = try stage("read capabilities") { () throws(Errno) in try ThreadCapabilities.current() }
    guard held == ThreadCapabilities(effective: kept, permitted: kept, inheritable: .none) else {
      throw StageError(stage: "drop capabilities", error: .notPermitted)
    }
    try stage("set no_new_privs") { () throws(Errno) in try Process.setNoNewPrivileges() }
  }
}
