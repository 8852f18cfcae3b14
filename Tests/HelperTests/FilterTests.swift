import CLinux
import CRawCalls
import Confinement
import Glibc
import HelperHarness
import Linux
import Testing

/// The system-call filter, in processes of their own: calls that serving doesn't need end them.
@Suite struct FilterTests {
  /// A call, and its first arguments where they matter.
  struct Call: Codable, Sendable, CustomTestStringConvertible {
    let name: String
    let number: Int
    let arguments: [Int]

    init(_ name: String, _ number: Int32, _ arguments: Int...) {
      self.name = name
      self.number = Int(number)
      self.arguments = arguments + Array(repeating: 0, count: 5 - arguments.count)
    }

    var testDescription: String { name }

    func make() {
      _ = rc_call(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4])
    }
  }

  static let forbidden = [
    // Becoming another program, or several.
    Call("execve", SYS_execve), Call("execveat", SYS_execveat), Call("fork", SYS_fork), Call("vfork", SYS_vfork),
    Call("clone", SYS_clone), Call("clone3", SYS_clone3),
    // Leaving the sandbox, or making another.
    Call("mount", SYS_mount), Call("umount2", SYS_umount2), Call("pivot_root", SYS_pivot_root),
    Call("chroot", SYS_chroot), Call("unshare", SYS_unshare), Call("setns", SYS_setns),
    Call("open_tree", SYS_open_tree), Call("move_mount", SYS_move_mount), Call("fsopen", SYS_fsopen),
    Call("open_by_handle_at", SYS_open_by_handle_at), Call("openat2", SYS_openat2),
    // Other processes.
    Call("ptrace", SYS_ptrace), Call("kill", SYS_kill, Int(Int32.max)), Call("process_vm_readv", SYS_process_vm_readv),
    Call("pidfd_open", SYS_pidfd_open), Call("pidfd_getfd", SYS_pidfd_getfd),
    // Other sockets, and other ends than the client.
    Call("socket", SYS_socket, Int(AF_UNIX), 1), Call("connect", SYS_connect), Call("bind", SYS_bind),
    Call("listen", SYS_listen), Call("socketpair", SYS_socketpair), Call("recvmsg", SYS_recvmsg),
    // Other privileges.
    Call("setuid", SYS_setuid), Call("setresuid", SYS_setresuid), Call("setgroups", SYS_setgroups),
    Call("prctl", SYS_prctl, Int(PR_GET_DUMPABLE)), Call("setrlimit", SYS_setrlimit), Call("umask", SYS_umask),
    Call("personality", SYS_personality, Int(UInt32.max)), Call("keyctl", SYS_keyctl),
    // The kernel's large doors.
    Call("bpf", SYS_bpf), Call("perf_event_open", SYS_perf_event_open), Call("io_uring_setup", SYS_io_uring_setup),
    Call("userfaultfd", SYS_userfaultfd), Call("init_module", SYS_init_module), Call("memfd_create", SYS_memfd_create),
    // Arguments beyond those that serving uses.
    Call("ioctl TIOCSTI", SYS_ioctl, 0, 0x5412), Call("ioctl FS_IOC_SETFLAGS", SYS_ioctl, 0, 0x4008_6602),
    Call("fcntl F_DUPFD", SYS_fcntl, 0, Int(F_DUPFD)), Call("fcntl F_SETLK", SYS_fcntl, 0, Int(F_SETLK)),
    Call("mmap PROT_EXEC", SYS_mmap, 0, 4096, Int(PROT_EXEC), Int(MAP_PRIVATE | MAP_ANONYMOUS), -1),
    Call("mprotect", SYS_mprotect, 0, 0, Int(PROT_EXEC)),
    // What clients do themselves, on the descriptors that they are sent.
    Call("read", SYS_read, 0, 0, 0), Call("getdents64", SYS_getdents64), Call("open", SYS_open),
  ]

  @Test(arguments: forbidden)
  func whatServingDoesNotNeedEndsTheProcess(call: Call) async {
    await #expect(processExitsWith: .signal(SIGSYS)) { [call] in
      try confine(.kill)
      call.make()
    }
  }

  /// What a worker leaves to its monitor, also where anything may be changed.
  static let monitors = [
    Call("accept4", SYS_accept4), Call("socketpair", SYS_socketpair, Int(AF_UNIX)),
    Call("setresuid", SYS_setresuid), Call("setresgid", SYS_setresgid), Call("setgroups", SYS_setgroups),
    Call("openat", SYS_openat), Call("mkdirat", SYS_mkdirat), Call("renameat", SYS_renameat),
    Call("unlinkat", SYS_unlinkat), Call("fchmodat", SYS_fchmodat), Call("fchownat", SYS_fchownat),
    Call("setxattr", SYS_setxattr), Call("getxattr", SYS_getxattr),
  ]

  @Test(arguments: monitors)
  func whatTheMonitorDoesEndsAWorker(call: Call) async {
    await #expect(processExitsWith: .signal(SIGSYS)) { [call] in
      try Linux.Process.setNoNewPrivileges()
      try SystemCallFilter.load(.kill, for: [.timeouts, .finding, .contents, .packets, .threads, .identities])
      call.make()
    }
  }

  /// What an export that nobody may change needs even less.
  static let changing = [
    Call("mkdirat", SYS_mkdirat), Call("mknodat", SYS_mknodat), Call("symlinkat", SYS_symlinkat),
    Call("linkat", SYS_linkat), Call("renameat", SYS_renameat), Call("unlinkat", SYS_unlinkat),
    Call("fchmodat", SYS_fchmodat), Call("fchownat", SYS_fchownat), Call("utimensat", SYS_utimensat),
    Call("truncate", SYS_truncate), Call("lsetxattr", SYS_lsetxattr), Call("lremovexattr", SYS_lremovexattr),
    Call("setfsuid", SYS_setfsuid), Call("capset", SYS_capset),
    Call("openat O_WRONLY", SYS_openat, 0, 0, Int(O_WRONLY)), Call("openat O_RDWR", SYS_openat, 0, 0, Int(O_RDWR)),
    Call("openat O_TRUNC", SYS_openat, 0, 0, Int(O_TRUNC)), Call("openat O_CREAT", SYS_openat, 0, 0, Int(O_CREAT)),
  ]

  @Test(arguments: changing)
  func whatChangesAFileEndsTheProcessOfAReadOnlyExport(call: Call) async {
    await #expect(processExitsWith: .signal(SIGSYS)) { [call] in
      try confine(.kill, readOnly: true)
      call.make()
    }
    // The same call is what serving others needs.
    await #expect(processExitsWith: .exitCode(7)) { [call] in
      try confine(.kill)
      call.make()
      _exit(7)
    }
  }

  /// Without the filter the kernel refuses what matters all the same.
  @Test(.enabled(if: hasRoot(), "needs root: gives privileges up"))
  func whatWouldLeadOutIsRefusedWithoutTheFilterToo() async {
    await #expect(processExitsWith: .exitCode(7)) {
      try confine(.none)
      func isDenied(_ result: Int) -> Bool { result == -1 && errno == EPERM }
      let refused = [
        isDenied(Int(mount("tmpfs", "/", "tmpfs", 0, nil))), isDenied(Int(unshare(CL_CLONE_NEWNS))),
        isDenied(Int(umount2("/", 0))), isDenied(Int(chroot("/"))),
        // PTRACE_ATTACH to a process of root's that has more capabilities.
        isDenied(rc_call(Int(SYS_ptrace), 16, Int(getppid()), 0, 0, 0)),
        open("/dev/null", O_RDWR) < 0, open("/proc/self/status", O_RDONLY) < 0, open("/etc/passwd", O_RDONLY) < 0,
        access("/bin/sh", X_OK) < 0,
      ]
      // Of the network there is only a loopback interface that is down.
      let network = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = 9 << 8
      address.sin_addr = in_addr(s_addr: 1 << 24 | 127)
      let result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(network, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      _exit(refused.allSatisfy { $0 } && result < 0 ? 7 : 8)
    }
  }

  @Test func whatServingNeedsIsAllowed() async {
    await #expect(processExitsWith: .exitCode(7)) {
      try Linux.Process.setNoNewPrivileges()
      try SystemCallFilter.load(.kill, for: proxy)
      let here = try Descriptor.workingDirectory()
      _ = try here.status()
      Linux.Process.yield()
      _exit(7)
    }
  }

  @Test func inLogModeEverythingPasses() async {
    await #expect(processExitsWith: .exitCode(7)) {
      try Linux.Process.setNoNewPrivileges()
      try SystemCallFilter.load(.log, for: proxy)
      if rc_call(Int(SYS_socket), Int(AF_UNIX), 1, 0, 0, 0) >= 0 { _exit(7) }
    }
  }

  /// Otherwise the tests above would pass for another reason.
  @Test func withoutAFilterTheCallsPass() async {
    await #expect(processExitsWith: .exitCode(7)) {
      try SystemCallFilter.load(.none, for: proxy)
      _ = rc_call(Int(SYS_prctl), Int(PR_GET_DUMPABLE), 0, 0, 0, 0)
      _exit(7)
    }
  }
}

/// The needs of a process that serves the proxy protocol.
private let proxy: SystemCallFilter.Needs = [.connections, .passing, .paths]

/// Confines the process as a serving helper is, with a directory of the host that nothing is done to.
///
/// An ordinary user's process gets the filter alone.
private func confine(_ mode: SystemCallFilter.Mode, readOnly: Bool = false) throws {
  guard geteuid() == 0 else {
    try Linux.Process.setNoNewPrivileges()
    return try SystemCallFilter.load(mode, for: proxy, readOnly: readOnly)
  }
  let export = try Descriptor.directory(HostPath("/usr/share").bytes)
  try Sandbox.namespace.enter(export, readOnly: readOnly, identities: .same)
  try Privileges.drop(allBut: Privileges.serving(readOnly: readOnly))
  try SystemCallFilter.load(mode, for: proxy, readOnly: readOnly)
}
