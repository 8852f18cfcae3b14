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
  /// These are the bare system calls. libcap-ng, for one, looks `/proc/PID/status` up to change the bounding set, and
  /// behind a sandbox that is a file of the export's, which may be a FIFO that never answers.
  ///
  /// - Throws: the step that failed, such as cutting the bounding set without CAP_SETPCAP.
  package static func drop(allBut kept: Capabilities) throws(StageError) {
    try stage("leave supplementary groups") { () throws(Errno) in try Process.leaveSupplementaryGroups() }
    try stage("lock the secure bits") { () throws(Errno) in try Process.lockSecureBits() }
    try stage("empty the bounding set") { () throws(Errno) in try InheritableCapabilities.drop() }
    let sets = ThreadCapabilities(effective: kept, permitted: kept, inheritable: .none)
    try stage("drop capabilities") { () throws(Errno) in
      try sets.apply()
      guard try ThreadCapabilities.current() == sets else { throw .notPermitted }
    }
    try stage("set no_new_privs") { () throws(Errno) in try Process.setNoNewPrivileges() }
  }
}
