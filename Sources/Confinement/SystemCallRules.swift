internal import CLinux
internal import CSeccomp
internal import Glibc
internal import Linux

/// The list of system calls that a process may make, while it is written.
@safe
struct SystemCallRules {
  let list: scmp_filter_ctx
  /// The first error, as libseccomp gives it: 0 or a negative errno.
  var failure: CInt = 0

  /// Adds what the process needs in any case, and what serves its needs.
  mutating func add(_ needs: SystemCallFilter.Needs, readOnly: Bool) {
    addServing()
    if needs.contains(.connections) { addConnections() }
    if needs.contains(.peers) { addPeers() }
    if needs.contains(.timeouts) { addTimeouts() }
    if needs.contains(.passing) { addPassing() }
    if needs.contains(.packets) { addPackets() }
    if needs.contains(.socketPairs) { addSocketPairs() }
    if needs.contains(.guestMemory) { addGuestMemory() }
    if needs.contains(.paths) { addPaths() }
    if needs.contains(.finding) { addFinding() }
    if needs.contains(.objects) { addObjects(readOnly: readOnly) }
    if needs.contains(.contents) { addContents(readOnly: readOnly) }
    if needs.contains(.threads) { addThreads() }
    if needs.contains(.identities) { addIdentities() }
    if needs.contains(.users) { addUsers() }
    guard needs.contains(.paths) || needs.contains(.objects) else { return }
    if readOnly { addReading() } else { addChanging() }
  }

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

  /// The next client.
  mutating func addConnections() { allow("accept4") }

  /// Who has connected, and replies that leave at once.
  mutating func addPeers() {
    allow("getsockopt", argument(1, UInt64(SOL_SOCKET)))
    allow("setsockopt", argument(1, UInt64(IPPROTO_TCP)))
  }

  /// Waiting, but not for ever. poll is ppoll where there is no older one.
  mutating func addTimeouts() {
    allow("poll")
    allow("ppoll")
  }

  /// Replies with descriptors, as many as the client's socket has room for.
  mutating func addPassing() {
    allow("sendmsg")
    allow("ioctl", argument(1, UInt64(CL_SIOCOUTQ)))
  }

  /// Requests about objects, and the objects with them.
  mutating func addPackets() {
    allow("sendmsg")
    allow("recvmsg")
  }

  mutating func addSocketPairs() { allow("socketpair", argument(0, UInt64(AF_UNIX))) }

  /// Messages of vhost-user and the descriptors with them, and eventfds. Mapping memory is allowed in any case.
  mutating func addGuestMemory() {
    allow("recvmsg")
    allow("eventfd2")
    allow("preadv2")
    allow("statx")
    allow("clock_nanosleep")
    allow("poll")
    allow("ppoll")
    allow("fstatfs")
    allow("fcntl", argument(1, UInt64(F_GETFL)))
    allow("fcntl", argument(1, UInt64(CL_F_GET_SEALS)))
    allow("fcntl", argument(1, UInt64(F_DUPFD_CLOEXEC)))
  }

  /// By path, from the working directory.
  mutating func addPaths() {
    allow("statfs")
    allow("lgetxattr")
    allow("llistxattr")
    allow("ioctl", argument(1, UInt64(CL_FS_IOC_GETVERSION)))
    allow("fchdir")
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

  /// Threads: those of pthread_create, by a call whose flags can be seen. It tries clone3 first, whose flags lie in
  /// memory, and falls back.
  mutating func addThreads() {
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
  }

  /// A thread finds out what it may do, and is somebody else to files for a while.
  mutating func addIdentities() {
    allow("prctl", argument(0, UInt64(PR_GET_SECUREBITS)))
    allow("capget")
    allow("setfsuid")
    allow("setfsgid")
    allow("capset")
  }

  /// A thread becomes its connection's user.
  mutating func addUsers() {
    allow("getgroups")
    allow("setgroups")
    allow("setresgid")
    allow("setresuid")
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
