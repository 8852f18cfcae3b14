internal import CLinux
internal import CSeccomp
internal import Glibc
internal import Linux
internal import SystemPackage

/// Which system calls a serving process may still make.
///
/// The list is ``Rules``: what isn't there is refused, whoever asks.
package enum SystemCallFilter {
  /// What becomes of a call that isn't on the list.
  package enum Mode: Sendable {
    /// The process ends by SIGSYS, and the kernel's audit log has a line.
    case kill
    /// The call is made, and the kernel's audit log has a line.
    case log
    /// There is no filter.
    case none

    /// As the command line and the log call it.
    package var name: StaticString {
      switch self {
      case .kill: "kill"
      case .log: "log"
      case .none: "none"
      }
    }
  }

  /// What a process serves, which decides what it needs.
  package enum Service: Sendable {
    /// The proxy protocol: paths, and descriptors that are handed out. One thread.
    case helper
    /// 9P2000.L: objects that are held, and what is in them. A thread for each connection.
    case nineP
    /// Objects for a front end that others speak with. A thread for each connection.
    case objects
    /// 9P2000.L, for which another process does what takes privilege. A thread for each connection.
    case frontEnd
  }

  /// Puts the filter around the calling thread and those that it will start, for good.
  ///
  /// It needs `no_new_privs`, or CAP_SYS_ADMIN.
  ///
  /// - Parameters:
  ///   - mode: what the filter does.
  ///   - service: what is served.
  ///   - readOnly: whether calls that change files are off the list too.
  /// - Throws: the step that failed.
  package static func load(
    _ mode: Mode, for service: Service = .helper, readOnly: Bool = false
  ) throws(StageError) {
    let otherwise: UInt32
    switch mode {
    case .none: return
    case .kill: otherwise = cs_kill_process
    case .log: otherwise = cs_log
    }
    guard let list = unsafe seccomp_init(otherwise) else {
      throw StageError(stage: "make a system-call filter", error: .noMemory)
    }
    defer { unsafe seccomp_release(list) }
    // A tree of the calls, not a list: those with a condition are looked up in it each time.
    _ = unsafe seccomp_attr_set(list, SCMP_FLTATR_CTL_OPTIMIZE, 2)
    var rules = unsafe Rules(list: list)
    rules.addServing()
    switch service {
    case .helper: rules.addHelper()
    case .nineP:
      rules.addClients()
      rules.addObjects(readOnly: readOnly)
      rules.addContents(readOnly: readOnly)
      rules.addThreads()
    case .objects:
      rules.addClients()
      rules.addObjects(readOnly: readOnly)
      rules.addPackets()
      rules.addFrontEnds()
      rules.addThreads()
    case .frontEnd:
      rules.addWaiting()
      rules.addFinding()
      rules.addContents(readOnly: readOnly)
      rules.addPackets()
      rules.addThreads()
    }
    switch service {
    case .frontEnd: break
    default: if readOnly { rules.addReading() } else { rules.addChanging() }
    }
    guard rules.failure == 0 else {
      throw StageError(stage: "list the system calls", error: Errno(rawValue: -rules.failure))
    }
    let result = unsafe seccomp_load(list)
    guard result == 0 else { throw StageError(stage: "load the system-call filter", error: Errno(rawValue: -result)) }
  }
}

/// The list, while it is written.
@safe
private struct Rules {
  let list: scmp_filter_ctx
  /// The first error, as libseccomp gives it: 0 or a negative errno.
  var failure: CInt = 0

  // By what they are needed for.

  /// Calls that serving needs in any case.
  mutating func addServing() {
    // The client. Calls without a condition cost nothing: the kernel remembers that they are allowed.
    allow("recvfrom")
    allow("sendto")
    allow("shutdown")
    allow("sched_yield")
    // Where the kernel lends no clock to processes.
    allow("clock_gettime")

    // Finding files, and what they are. Under the sandbox no name leads outside the export.
    allow("newfstatat")
    allow("fstat")
    allow("readlinkat")
    allow("close")
    allow("fcntl", argument(1, UInt64(F_SETFL)))

    // Memory, but none that could be executed.
    allow("brk")
    allow("mmap", argument(2, 0, mask: UInt64(PROT_EXEC)))
    allow("munmap")
    allow("madvise")
    allow("futex")

    // Telling the launcher that it is ready, letting go of the terminal, and log lines.
    allow("write")
    allow("dup2")
    allow("dup3")

    // Its end, and the signals that ask for it.
    allow("rt_sigaction")
    allow("rt_sigprocmask")
    allow("rt_sigreturn")
    allow("restart_syscall")
    allow("exit_group")
  }

  /// What only the helper needs.
  mutating func addHelper() {
    // The client comes, and replies with descriptors go.
    allow("accept4")
    allow("sendmsg")
    allow("ioctl", argument(1, UInt64(CL_SIOCOUTQ)))

    // By path, from the working directory.
    allow("statfs")
    allow("lgetxattr")
    allow("llistxattr")
    allow("ioctl", argument(1, UInt64(CL_FS_IOC_GETVERSION)))
    allow("fchdir")
  }

  /// Letting clients of 9P in.
  mutating func addClients() {
    // Who has connected, and replies that leave at once.
    addWaiting()
    allow("accept4")
    allow("getsockopt", argument(1, UInt64(SOL_SOCKET)))
    allow("setsockopt", argument(1, UInt64(IPPROTO_TCP)))
  }

  /// Waiting for a client, or for its first requests, but not for ever. poll is ppoll where there is no older one.
  mutating func addWaiting() {
    allow("poll")
    allow("ppoll")
  }

  /// Finding objects that are then held.
  mutating func addFinding() {
    // What openat2 is asked for isn't the filter's to see; nothing leads outside the export.
    allow("openat2")
    allow("fcntl", argument(1, UInt64(F_DUPFD_CLOEXEC)))
    // Which mount they are on.
    allow("statx")
    allow("fstatfs")
  }

  /// Objects that are held.
  mutating func addObjects(readOnly: Bool) {
    addFinding()
    allow("getxattr")
    allow("listxattr")
    if !readOnly {
      allow("setxattr")
      allow("removexattr")
    }
  }

  /// What is in open files.
  mutating func addContents(readOnly: Bool) {
    allow("pread64")
    allow("preadv2")
    allow("getdents64")
    allow("lseek")
    allow("fsync")
    allow("fdatasync")
    if !readOnly {
      allow("pwrite64")
      allow("ftruncate")
    }
  }

  /// Requests about objects, and the objects with them.
  mutating func addPackets() {
    allow("sendmsg")
    allow("recvmsg")
  }

  /// Connections to a front end.
  mutating func addFrontEnds() {
    allow("socketpair", argument(0, UInt64(AF_UNIX)))
  }

  /// Serving each connection on a thread of its own, as its user.
  mutating func addThreads() {
    // A thread for a connection: those of pthread_create, by a call whose flags can be seen. It tries clone3 first, whose
    // flags lie in memory, and falls back.
    refuse("clone3")
    allow("clone", argument(0, Self.threadFlags))
    allow("gettid")
    allow("set_robust_list")
    allow("rseq")
    allow("mprotect", argument(2, 0, mask: UInt64(PROT_EXEC)))
    allow("sigaltstack")
    allow("getrandom")
    allow("exit")
    allow("clock_nanosleep")

    // It finds out what it may do, and becomes the connection's user.
    allow("prctl", argument(0, UInt64(PR_GET_SECUREBITS)))
    allow("capget")
    allow("getgroups")
    allow("setgroups")
    allow("setresgid")
    allow("setresuid")
    allow("setfsuid")
    allow("setfsgid")
    allow("capset")
  }

  /// What glibc's pthread_create asks of clone: `CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
  /// CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID`. No new namespace, no other process.
  private static let threadFlags: UInt64 = 0x3d0f00

  /// Opening for an export that nobody may change: to read what is there.
  mutating func addReading() {
    allow("openat", argument(2, 0, mask: UInt64(O_ACCMODE | O_CREAT | O_TRUNC)))
  }

  /// Opening and changing files.
  mutating func addChanging() {
    allow("openat")

    // Making and removing names. Device files are made for a guest's root, and opened by nobody here.
    allow("mkdirat")
    for kind in Self.nodes { allow("mknodat", argument(2, UInt64(kind), mask: UInt64(Glibc.S_IFMT))) }
    allow("symlinkat")
    allow("linkat")
    allow("renameat")
    allow("unlinkat")

    // What a file is.
    allow("fchmodat")
    allow("fchownat")
    allow("utimensat")
    allow("truncate")
    allow("lsetxattr")
    allow("lremovexattr")

    // Acting as a guest's user, and as itself again.
    allow("setfsuid")
    allow("setfsgid")
    allow("capset")
  }

  /// Has it fail as on a kernel that doesn't have it.
  private mutating func refuse(_ name: StaticString) {
    note(unsafe seccomp_rule_add_array(list, cs_no_such_call, Self.number(name), 0, nil))
  }

  /// The kinds of file that `mknod(2)` makes. `Linux` doesn't ask for others: a client's word must not end the process.
  private static var nodes: [mode_t] {
    [0, Glibc.S_IFREG, Glibc.S_IFIFO, Glibc.S_IFSOCK, Glibc.S_IFCHR, Glibc.S_IFBLK]
  }

  private mutating func allow(_ name: StaticString) {
    note(unsafe seccomp_rule_add_array(list, cs_allow, Self.number(name), 0, nil))
  }

  /// Allows it with this argument only.
  private mutating func allow(_ name: StaticString, _ condition: scmp_arg_cmp) {
    var condition = condition
    note(unsafe seccomp_rule_add_array(list, cs_allow, Self.number(name), 1, &condition))
  }

  /// A call's number here. libseccomp passes over those that this architecture doesn't have.
  private static func number(_ name: StaticString) -> CInt {
    unsafe seccomp_syscall_resolve_name(UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self))
  }

  private mutating func note(_ result: CInt) {
    if failure == 0 { failure = result }
  }

  private func argument(_ index: UInt32, _ value: UInt64) -> scmp_arg_cmp {
    scmp_arg_cmp(arg: index, op: SCMP_CMP_EQ, datum_a: value, datum_b: 0)
  }

  /// The argument with only the mask's bits.
  private func argument(_ index: UInt32, _ value: UInt64, mask: UInt64) -> scmp_arg_cmp {
    scmp_arg_cmp(arg: index, op: SCMP_CMP_MASKED_EQ, datum_a: mask, datum_b: value)
  }
}
