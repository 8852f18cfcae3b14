internal import CLinux
internal import Glibc
package import SystemPackage

/// User namespaces: ids of users and groups, and capabilities over these alone, `user_namespaces(7)`.
package enum UserNamespace {
  /// Moves the process to a new user namespace without ids. The system call is `unshare(CLONE_NEWUSER)`.
  ///
  /// - Throws: `EPERM`, `ENOSPC` or `EUSERS` if the user may not make one, or not another one.
  package static func unshareIdentities() throws(Errno) {
    _ = try valueOrErrno(unshare(CL_CLONE_NEWUSER))
  }

  /// True if the process is in the initial user namespace, or `/proc` doesn't tell.
  package static var isInitial: Bool {
    HostFile.holds("         0          0 4294967295\n", at: "/proc/self/uid_map") ?? true
  }

  /// The overflow gid: what the kernel reports for a group that has no number in the process's user namespace; nil in the
  /// initial namespace, where every group has one.
  package static var overflowGid: UInt32? {
    guard !isInitial else { return nil }
    var text: [UInt8] = []
    do throws(Errno) {
      try HostFile.read("/proc/sys/kernel/overflowgid", into: &text)
    } catch {
      // The kernel's own default.
      return 65_534
    }
    if text.last == UInt8(ascii: "\n") { text.removeLast() }
    return UInt32(digits: text.span) ?? 65_534
  }

  /// True if the process may drop its supplementary groups.
  ///
  /// It may not in a namespace that an ordinary user made: a file's mode may exclude a group's members.
  package static var allowsLeavingGroups: Bool {
    HostFile.holds("deny\n", at: "/proc/self/setgroups") != true
  }

  /// Writes the map of a process's new namespace, which takes one map: lines of an id within, the id outside and a count.
  ///
  /// The file is `/proc/PID/uid_map` or `gid_map`.
  /// - Throws: `EPERM` if the caller may not map these ids, `EINVAL` if ranges overlap.
  package static func write(map: String, kind: IdentityKind, of process: Int32) throws(Errno) {
    try HostFile.write(map, to: "/proc/\(process)/\(kind.mapName)")
  }

  /// Writes `deny` to `/proc/PID/setgroups`, without which an ordinary user may not map the own group.
  package static func denyLeavingGroups(of process: Int32) throws(Errno) {
    try HostFile.write("deny", to: "/proc/\(process)/setgroups")
  }

  /// Opens a process's namespace, which lives as long as the descriptor. The system call is `open` of `/proc/PID/ns/user`.
  package static func descriptor(of process: Int32) throws(Errno) -> Descriptor {
    Descriptor(adopting: try unsafe valueOrErrno(open("/proc/\(process)/ns/user", O_RDONLY | O_CLOEXEC)))
  }

  /// Moves the process to a namespace, where it gets all capabilities. Its ids don't change. The system call is `setns`.
  ///
  /// - Throws: `EPERM` without CAP_SYS_ADMIN in the namespace, which root of its parent has.
  package static func enter(_ namespace: borrowing Descriptor) throws(Errno) {
    _ = try valueOrErrno(setns(namespace.rawValue, CL_CLONE_NEWUSER))
  }

  /// Sets the calling thread's real, effective and saved ids. The system calls are `setresgid` and `setresuid`.
  package static func become(uid: UInt32, gid: UInt32) throws(Errno) {
    _ = try valueOrErrno(kernel: cl_setresgid(gid))
    _ = try valueOrErrno(kernel: cl_setresuid(uid))
  }
}
