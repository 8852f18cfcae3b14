internal import CLinux
internal import Glibc
package import SystemPackage

/// Calls that concern the process as a whole.
package enum Process {
  /// The two processes after ``daemonise()``.
  package enum Side: ~Copyable {
    /// The child, which must announce that it is ready.
    case daemon(Readiness)
    /// The parent: the child is ready, or has failed and reported why on standard error.
    case parent(isReady: Bool)
  }

  /// Forks a child in a session of its own, without a terminal, and waits until the child is ready.
  ///
  /// The child keeps standard error until then, so that a failure is reported to the program's caller.
  /// The system calls are `pipe`, `fork` and `setsid`.
  package static func daemonise() throws(Errno) -> Side {
    let pipe = try Pipe()
    let null = Descriptor(adopting: try unsafe valueOrErrno(open("/dev/null", O_RDWR | O_CLOEXEC)))
    guard try fork() != nil else {
      _ = setsid()
      return .daemon(Readiness(parent: pipe.sender(), null: null))
    }
    // A signal may end the waiting parent.
    _ = signal(SIGTERM, SIG_DFL)
    _ = signal(SIGINT, SIG_DFL)
    return .parent(isReady: pipe.receiver().wait())
  }

  /// A daemon's message to its parent that it is ready.
  package struct Readiness: ~Copyable {
    private let parent: PipeSender
    private let null: Descriptor

    fileprivate init(parent: consuming PipeSender, null: consuming Descriptor) {
      self.parent = parent
      self.null = null
    }

    /// Replaces the standard streams by `/dev/null` and tells the parent.
    package consuming func announce() {
      for standard in STDIN_FILENO...STDERR_FILENO { _ = dup2(null.rawValue, standard) }
      parent.send()
    }
  }

  /// Sets the permission bits that new files don't get. The system call is `umask`.
  package static func setUmask(_ mask: UInt32) {
    _ = umask(mask)
  }

  /// Ignores SIGPIPE, SIGXFSZ and SIGHUP. Writing to a socket whose peer has closed fails with `EPIPE` then, and growing a
  /// file beyond RLIMIT_FSIZE with `EFBIG`. The call is `signal`.
  package static func ignoreFatalSignals() {
    _ = signal(SIGPIPE, SIG_IGN)
    _ = signal(SIGXFSZ, SIG_IGN)
    _ = signal(SIGHUP, SIG_IGN)
  }

  /// Makes SIGTERM and SIGINT shut down this socket, so that a thread that waits on it sees its end.
  package static func endOnTermination(_ socket: borrowing Descriptor) {
    cl_end_on_termination(socket.rawValue)
  }

  /// Keeps SIGTERM and SIGINT for ``endOnTermination(_:)``.
  package static func holdTermination() {
    cl_end_on_termination(-1)
  }

  /// The signal that asked the process to end; nil if there was none.
  package static var terminationSignal: CInt? {
    let signal = cl_termination_signal()
    return signal == 0 ? nil : signal
  }

  /// Closes all inherited descriptors except the standard streams and `kept`, and opens `/dev/null` as the standard streams
  /// that are closed, so that no other file gets their numbers.
  ///
  /// The system calls are `close_range` and `open`.
  package static func tidyDescriptors(keeping kept: CInt?) {
    let first = UInt32(STDERR_FILENO) + 1
    if let kept, kept >= 0, UInt32(kept) >= first {
      if UInt32(kept) > first { _ = cl_close_range(first, UInt32(kept) - 1) }
      _ = cl_close_range(UInt32(kept) + 1, .max)
    } else {
      _ = cl_close_range(first, .max)
    }
    for standard in STDIN_FILENO...STDERR_FILENO where standard != kept && cl_get_status_flags(standard) < 0 {
      // The kernel takes the lowest free number, which is this one.
      _ = unsafe open("/dev/null", O_RDWR)
    }
  }

  /// Closes all descriptors except the standard streams and these two. The system call is `close_range`.
  package static func closeDescriptors(keeping one: borrowing Descriptor, and other: borrowing Descriptor) {
    let (low, high) = (min(one.rawValue, other.rawValue), max(one.rawValue, other.rawValue))
    var first = UInt32(STDERR_FILENO) + 1
    for kept in [low, high] where kept >= 0 && UInt32(kept) >= first {
      if UInt32(kept) > first { _ = cl_close_range(first, UInt32(kept) - 1) }
      first = UInt32(kept) + 1
    }
    _ = cl_close_range(first, .max)
  }

  /// True if the process has supplementary groups. The system call is `getgroups`.
  package static var hasSupplementaryGroups: Bool { getgroups(0, nil) != 0 }

  /// Returns true if a process that this one can see has this real user id. The system call is `getpriority`.
  package static func isUser(_ uid: UInt32) -> Bool {
    // -1 is a valid priority too.
    errno = 0
    return getpriority(__priority_which_t(PRIO_USER.rawValue), id_t(uid)) != -1 || errno == 0
  }

  /// Drops all supplementary groups. The system call is `setgroups`.
  ///
  /// - Throws: `EPERM` without CAP_SETGID, unless there are none.
  package static func leaveSupplementaryGroups() throws(Errno) {
    guard hasSupplementaryGroups else { return }
    _ = try valueOrErrno(setgroups(0, nil))
  }

  /// Forbids core files of the process, and tracing by other processes of the same user.
  ///
  /// The system call is `prctl(PR_SET_DUMPABLE)`.
  package static func forbidDumps() throws(Errno) {
    _ = try valueOrErrno(kernel: cl_prctl(PR_SET_DUMPABLE, 0, 0))
  }

  /// Sets and locks the secure bits, so that uid 0 alone gives no capability.
  ///
  /// The system call is `prctl(PR_SET_SECUREBITS)`, `capabilities(7)`.
  /// - Parameter keepingCapabilities: true if a thread that gives up uid 0 keeps its permitted capabilities, see
  ///   ``ThreadUser``.
  /// - Throws: `EPERM` without CAP_SETPCAP.
  package static func lockSecureBits(keepingCapabilities: Bool = false) throws(Errno) {
    // SECBIT_NO_SETUID_FIXUP stays clear: setfsuid goes on clearing and restoring the capabilities over files.
    let kept = keepingCapabilities ? CL_SECBIT_KEEP_CAPS : 0
    let set = UInt(CL_SECBIT_NOROOT | CL_SECBIT_NO_CAP_AMBIENT_RAISE | kept)
    _ = try valueOrErrno(kernel: cl_prctl(PR_SET_SECUREBITS, set | UInt(CL_SECURE_ALL_LOCKS), 0))
  }

  /// Forbids to gain privileges by executing a program. The system call is `prctl(PR_SET_NO_NEW_PRIVS)`.
  package static func setNoNewPrivileges() throws(Errno) {
    _ = try valueOrErrno(kernel: cl_prctl(PR_SET_NO_NEW_PRIVS, 1, 0))
  }

  /// Sleeps. The system call is `clock_nanosleep`.
  package static func sleep(milliseconds: Int) {
    var time = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
    _ = unsafe nanosleep(&time, nil)
  }

  /// Yields the processor to other threads. The system call is `sched_yield`.
  package static func yield() {
    sched_yield()
  }
}
