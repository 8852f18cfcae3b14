internal import Linux

/// What keeps ordinary users from making user namespaces.
enum UserNamespaceRestriction {
  /// The kernel's setting that forbids it, and what to do about it, in a few words.
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
    for setting in settings where HostFile.holds(setting.value, setting.path) == true {
      return "\(setting.name): \(manual)"
    }
    return manual
  }
}
