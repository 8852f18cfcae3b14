package import Linux
internal import SystemPackage

/// What a process may do that others may not.
package enum Privileges {
  /// What serving takes: making, owning and changing files as any guest user, or reading them all.
  ///
  /// - Parameters:
  ///   - readOnly: whether nothing may be changed.
  ///   - hasDevices: whether the process could make device files, which the kernel lets nobody do in a user namespace.
  ///   - fileCapabilities: whether files may be given capabilities.
  /// - Returns: what ``drop(allBut:leavingGroups:)`` should keep.
  package static func serving(
    readOnly: Bool = false, hasDevices: Bool = true, fileCapabilities: Bool = false
  ) -> Capabilities {
    if readOnly { return .dacReadSearch }
    var all: Capabilities = .chown | .dacOverride | .fowner | .fsetid | .setgid | .setuid
    if hasDevices { all = all | .mknod }
    return fileCapabilities ? all | .setfcap : all
  }

  /// Keeps `kept` and nothing else, effective and permitted. All other sets end empty: nothing that might be executed
  /// would have a capability.
  ///
  /// These are the bare system calls. libcap-ng, for one, looks `/proc/PID/status` up to change the bounding set, and
  /// behind a sandbox that is a file of the export's, which may be a FIFO that never answers.
  ///
  /// - Parameters:
  ///   - kept: what the process has already.
  ///   - leavingGroups: whether to leave supplementary groups, which a user namespace may forbid.
  ///   - hasUsers: whether threads are to become users, see ``Linux/ThreadUser``.
  /// - Throws: the step that failed, such as cutting the bounding set without CAP_SETPCAP.
  package static func drop(allBut kept: Capabilities, leavingGroups: Bool = true, hasUsers: Bool = false)
    throws(StageError)
  {
    if leavingGroups {
      try stage("leave supplementary groups") { () throws(Errno) in try Process.leaveSupplementaryGroups() }
    }
    try stage("lock the secure bits") { () throws(Errno) in try Process.lockSecureBits(keepingCapabilities: hasUsers) }
    try stage("empty the bounding set") { () throws(Errno) in try InheritableCapabilities.drop() }
    let sets = ThreadCapabilities(effective: kept, permitted: kept, inheritable: .none)
    try stage("drop capabilities") { () throws(Errno) in
      try sets.apply()
      guard try ThreadCapabilities.current() == sets else { throw .notPermitted }
    }
    try stage("set no_new_privs") { () throws(Errno) in try Process.setNoNewPrivileges() }
  }
}
