package import Linux
internal import SystemPackage

/// The privileges of a serving process.
package enum Privileges {
  /// Returns the capabilities that serving takes: to make, own and change files as any guest user, or to read them all.
  ///
  /// - Parameters:
  ///   - readOnly: true if the export is read-only.
  ///   - hasDevices: true if the process may make device files, which the kernel forbids in a user namespace.
  ///   - fileCapabilities: true if files may be given capabilities.
  /// - Returns: the capabilities to keep, see ``drop(allBut:leavingGroups:hasUsers:)``.
  package static func serving(
    readOnly: Bool = false, hasDevices: Bool = true, fileCapabilities: Bool = false
  ) -> Capabilities {
    if readOnly { return .dacReadSearch }
    var all: Capabilities = .chown | .dacOverride | .fowner | .fsetid | .setgid | .setuid
    if hasDevices { all = all | .mknod }
    return fileCapabilities ? all | .setfcap : all
  }

  /// Drops all capabilities except `kept`, which stay effective and permitted. All other sets are emptied: an executed program
  /// wouldn't get a capability.
  ///
  /// These are the bare system calls. libcap-ng, for one, reads `/proc/PID/status` to change the bounding set, and in the
  /// sandbox that is a file of the export's, possibly a FIFO that never answers.
  ///
  /// - Parameters:
  ///   - kept: capabilities that the process has.
  ///   - leavingGroups: true to drop supplementary groups, which a user namespace may forbid.
  ///   - hasUsers: true if threads become users, see ``Linux/ThreadUser``.
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
