internal import Linux

/// The settings of the kernel that forbid ordinary users to make user namespaces.
enum UserNamespaceRestriction {
  /// The setting that forbids it here, and where the manual says what to do.
  static var advice: String {
    let manual = "see \"Where user namespaces are forbidden\" in postern(1)"
    let settings: [(path: StaticString, value: StaticString, name: String)] = [
      ("/proc/sys/user/max_user_namespaces", "0\n", "user.max_user_namespaces is 0"),
      ("/proc/sys/kernel/unprivileged_userns_clone", "0\n", "kernel.unprivileged_userns_clone is 0"),
      (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n",
        "kernel.apparmor_restrict_unprivileged_userns is 1"
      ),
    ]
    for setting in settings where HostFile.holds(setting.value, at: setting.path) == true {
      return "\(setting.name): \(manual)"
    }
    return manual
  }
}
