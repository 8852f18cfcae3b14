internal import CLinux
internal import Glibc
package import SystemPackage

/// User namespaces: a view of users and groups, and capabilities that count for those alone, `user_namespaces(7)`.
package enum UserNamespace {
  /// Puts the process into a new one, which has no ids yet. The system call is `unshare(CLONE_NEWUSER)`.
  ///
  /// - Throws: `EPERM`, `ENOSPC` or `EUSERS` where users may make none, or no further one.
  package static func unshareIdentities() throws(Errno) {
    _ = try valueOrErrno(unshare(CL_CLONE_NEWUSER))
  }

  /// Whether the process is in the one that the machine started with, as far as `/proc` says.
  package static var isInitial: Bool {
    HostFile.holds("         0          0 4294967295\n", "/proc/self/uid_map") ?? true
  }

  /// What the kernel reports for a group that has no number in the process's user namespace; nil where all groups have one.
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

  /// Whether the process may leave its supplementary groups.
  ///
  /// Not where an ordinary user made its namespace: a file may keep a group's members out.
  package static var allowsLeavingGroups: Bool {
    HostFile.holds("deny\n", "/proc/self/setgroups") != true
  }

  /// Writes the map of a process's new namespace, which takes one map: lines of an id within, the id outside and a count.
  ///
  /// The file is `/proc/PID/uid_map` or `gid_map`.
  /// - Throws: `EPERM` if the caller may not map these ids, `EINVAL` if ranges overlap.
  package static func write(map: String, kind: IdentityKind, of process: Int32) throws(Errno) {
    try HostFile.write(map, to: "/proc/\(process)/\(kind.mapName)")
  }

  /// What it takes for an ordinary user to map the own group alone. It is written to `/proc/PID/setgroups`.
  package static func denyLeavingGroups(of process: Int32) throws(Errno) {
    try HostFile.write("deny", to: "/proc/\(process)/setgroups")
  }

  /// A descriptor of the one that a process is in, which keeps it. The system call is `open`.
  package static func descriptor(of process: Int32) throws(Errno) -> Descriptor {
    Descriptor(adopting: try unsafe valueOrErrno(open("/proc/\(process)/ns/user", O_RDONLY | O_CLOEXEC)))
  }

  /// Moves the process into one, in which it has all capabilities. Its ids stay. The system call is `setns`.
  ///
  /// - Throws: `EPERM` without CAP_SYS_ADMIN there, which root of the namespace that it was made in has.
  package static func enter(_ namespace: borrowing Descriptor) throws(Errno) {
    _ = try valueOrErrno(setns(namespace.rawValue, CL_CLONE_NEWUSER))
  }

  /// Becomes a user and a group in every respect. The system calls are `setresgid` and `setresuid`.
  package static func become(uid: UInt32, gid: UInt32) throws(Errno) {
    _ = try valueOrErrno(kernel: cl_setresgid(gid))
    _ = try valueOrErrno(kernel: cl_setresuid(uid))
  }
}
