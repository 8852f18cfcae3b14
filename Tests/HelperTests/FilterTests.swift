import CLinux
import CRawCalls
import Confinement
import Glibc
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
      try Linux.Process.setNoNewPrivileges()
      try SystemCallFilter.load(.kill)
      let arguments = call.arguments
      _ = rc_call(call.number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4])
    }
  }

  @Test func whatServingNeedsIsAllowed() async {
    await #expect(processExitsWith: .exitCode(7)) {
      try Linux.Process.setNoNewPrivileges()
      try SystemCallFilter.load(.kill)
      let here = try Descriptor.workingDirectory()
      _ = try here.status()
      Linux.Process.yield()
      _exit(7)
    }
  }

  @Test func inLogModeEverythingPasses() async {
    await #expect(processExitsWith: .exitCode(7)) {
      try Linux.Process.setNoNewPrivileges()
      try SystemCallFilter.load(.log)
      if rc_call(Int(SYS_socket), Int(AF_UNIX), 1, 0, 0, 0) >= 0 { _exit(7) }
    }
  }

  /// Otherwise the tests above would pass for another reason.
  @Test func withoutAFilterTheCallsPass() async {
    await #expect(processExitsWith: .exitCode(7)) {
      try SystemCallFilter.load(.none)
      _ = rc_call(Int(SYS_prctl), Int(PR_GET_DUMPABLE), 0, 0, 0, 0)
      _exit(7)
    }
  }
}
