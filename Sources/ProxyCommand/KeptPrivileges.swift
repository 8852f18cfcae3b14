import Confinement
import Linux

/// The privileges that a serving process keeps.
struct KeptPrivileges {
  let capabilities: Capabilities
  let leavesGroups: Bool
  /// Whether the process had no privilege over the host to begin with.
  let isRootless: Bool

  /// - Parameters:
  ///   - options: the command line.
  ///   - isRootless: whether the process has no privilege, but for what it may give itself in a user namespace.
  ///   - hasDevices: whether device files can be made where the process is in the initial user namespace.
  init(_ options: Options, isRootless: Bool, hasDevices: Bool) {
    let isInitial = UserNamespace.isInitial
    self.isRootless = isRootless || !isInitial
    leavesGroups = !Process.hasSupplementaryGroups || UserNamespace.allowsLeavingGroups
    capabilities = Privileges.serving(
      readOnly: options.isReadOnly, hasDevices: isInitial && hasDevices,
      fileCapabilities: options.fileCapabilities)
  }
}
