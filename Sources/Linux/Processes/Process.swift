internal import CLinux
internal import Glibc
package import SystemPackage

/// What concerns the process as a whole.
package enum Process {
  /// Whether the first process of a start-up goes on, or a child that it left behind.
  package enum Side: ~Copyable {
    /// The child's; it must say when it is ready.
    case daemon(Readiness)
    /// The parent's: the child is ready, or has failed and said why on standard error.
    case parent(isReady: Bool)
  }

  /// Leaves a child in a session of its own, without a terminal, and waits until that is ready.
  ///
  /// The child keeps standard error until then, so that whoever started the program sees why it failed.
  /// The system calls are `pipe`, `fork` and `setsid`.
  package static func daemonise() throws(Errno) -> Side {
    let pipe = try Pipe()
    let null = Descriptor(adopting: try unsafe valueOrErrno(open("/dev/null", O_RDWR | O_CLOEXEC)))
    guard try fork() != nil else {
      _ = setsid()
      return .daemon(Readiness(parent: pipe.sender(), null: null))
    }
    // Whoever waits may give up waiting.
    _ = signal(SIGTERM, SIG_DFL)
    _ = signal(SIGINT, SIG_DFL)
    return .parent(isReady: pipe.receiver().wait())
  }

  /// A daemon's word to the process that started it.
  package struct Readiness: ~Copyable {
    private let parent: PipeSender
    private let null: Descriptor

    fileprivate init(parent: consuming PipeSender, null: consuming Descriptor) {
      self.parent = parent
      self.null = null
    }

    /// Lets go of the terminal, and of the process that waits.
    package consuming func announce() {
      for standard in STDIN_FILENO...STDERR_FILENO { _ = dup2(null.rawValue, standard) }
      parent.send()
    }
  }

  /// Sets which permission bits new files don't get. The system call is `umask`.
  package static func setUmask(_ mask: UInt32) {
    _ = umask(mask)
  }

  /// Calls that would end the process fail instead: writing to a socket whose peer has gone (`EPIPE`), growing a file
  /// beyond RLIMIT_FSIZE (`EFBIG`). The end of a terminal or a request to reload (SIGHUP) doesn't end it either.
  package static func ignoreFatalSignals() {
    _ = signal(SIGPIPE, SIG_IGN)
    _ = signal(SIGXFSZ, SIG_IGN)
    _ = signal(SIGHUP, SIG_IGN)
  }

  /// SIGTERM and SIGINT shut this socket down from now on; whoever waits on it sees its end, whenever they come.
  package static func endOnTermination(_ socket: borrowing Descriptor) {
    cl_end_on_termination(socket.rawValue)
  }

  /// SIGTERM and SIGINT are kept for ``endOnTermination(_:)`` from now on.
  package static func holdTermination() {
    cl_end_on_termination(-1)
  }

  /// The signal that asked the process to end, if one did.
  package static var terminationSignal: CInt? {
    let signal = cl_termination_signal()
    return signal == 0 ? nil : signal
  }

  /// Closes what a careless parent left open, but the standard streams and `kept`; and opens the standard streams where
  /// they aren't, so that no other file gets their numbers.
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
      // The lowest free number, which is this one.
      _ = unsafe open("/dev/null", O_RDWR)
    }
  }

  /// Closes all but the standard streams and these two. The system call is `close_range`.
  package static func closeDescriptors(keeping one: borrowing Descriptor, and other: borrowing Descriptor) {
    let (low, high) = (min(one.rawValue, other.rawValue), max(one.rawValue, other.rawValue))
    var first = UInt32(STDERR_FILENO) + 1
    for kept in [low, high] where kept >= 0 && UInt32(kept) >= first {
      if UInt32(kept) > first { _ = cl_close_range(first, UInt32(kept) - 1) }
      first = UInt32(kept) + 1
    }
    _ = cl_close_range(first, .max)
  }

  /// Whether the process is in groups beside its own. The system call is `getgroups`.
  package static var hasSupplementaryGroups: Bool { getgroups(0, nil) != 0 }

  /// Whether a process that can be seen from here has this real user id. The system call is `getpriority`.
  package static func isUser(_ uid: UInt32) -> Bool {
    // -1 is a priority too.
    errno = 0
    return getpriority(__priority_which_t(PRIO_USER.rawValue), id_t(uid)) != -1 || errno == 0
  }

  /// Leaves all supplementary groups. The system call is `setgroups`.
  ///
  /// - Throws: `EPERM` without CAP_SETGID, but not where there is none to leave.
  package static func leaveSupplementaryGroups() throws(Errno) {
    guard hasSupplementaryGroups else { return }
    _ = try valueOrErrno(setgroups(0, nil))
  }

  /// What can be limited, `getrlimit(2)`.
  package enum Limit: Sendable {
    /// `RLIMIT_NOFILE`: one more than the highest number of a descriptor.
    case descriptors
    /// `RLIMIT_AS`: bytes of address space.
    case addressSpace
    /// `RLIMIT_CORE`: bytes of a core file.
    case coreFile
    /// `RLIMIT_FSIZE`: bytes of any file.
    case fileSize

    fileprivate var resource: CInt {
      let resource =
        switch self {
        case .descriptors: RLIMIT_NOFILE
        case .addressSpace: RLIMIT_AS
        case .coreFile: RLIMIT_CORE
        case .fileSize: RLIMIT_FSIZE
        }
      return CInt(resource.rawValue)
    }
  }

  /// Sets a limit that can't be raised again. The system call is `setrlimit`.
  package static func setLimit(_ limit: Limit, to value: UInt) throws(Errno) {
    var limits = rlimit(rlim_cur: value, rlim_max: value)
    _ = try unsafe valueOrErrno(setrlimit(limit.resource, &limits))
  }

  /// How far an ordinary process may raise a limit. The system call is `getrlimit`.
  package static func highest(_ limit: Limit) throws(Errno) -> UInt {
    var limits = rlimit()
    _ = try unsafe valueOrErrno(getrlimit(limit.resource, &limits))
    return limits.rlim_max
  }

  /// Lifts a limit as far as the process may, which is altogether with CAP_SYS_RESOURCE.
  ///
  /// The system calls are `getrlimit` and `setrlimit`.
  /// - Returns: whether nothing limits it any more.
  package static func lift(_ limit: Limit) throws(Errno) -> Bool {
    let unlimited = ~UInt(0)
    var limits = rlimit()
    _ = try unsafe valueOrErrno(getrlimit(limit.resource, &limits))
    guard limits.rlim_cur != unlimited else { return true }
    do throws(Errno) {
      try setLimit(limit, to: unlimited)
      return true
    } catch .notPermitted {
      try setLimit(limit, to: limits.rlim_max)
      return limits.rlim_max == unlimited
    }
  }

  /// No core file of the process is written, and no process of the same user may look into it.
  ///
  /// The system call is `prctl(PR_SET_DUMPABLE)`.
  package static func forbidDumps() throws(Errno) {
    _ = try valueOrErrno(kernel: cl_prctl(PR_SET_DUMPABLE, 0, 0))
  }

  /// Root's number alone gives no capability any more, and nothing changes that.
  ///
  /// The system call is `prctl(PR_SET_SECUREBITS)`, `capabilities(7)`.
  /// - Parameter keepingCapabilities: whether a thread that gives root's ids up keeps its capabilities, until it gives those
  ///   up too: see ``ThreadUser``.
  /// - Throws: `EPERM` without CAP_SETPCAP.
  package static func lockSecureBits(keepingCapabilities: Bool = false) throws(Errno) {
    // Locked as they are, but for these: setting fsuid goes on taking file capabilities away and giving them back.
    let kept = keepingCapabilities ? CL_SECBIT_KEEP_CAPS : 0
    let set = UInt(CL_SECBIT_NOROOT | CL_SECBIT_NO_CAP_AMBIENT_RAISE | kept)
    _ = try valueOrErrno(kernel: cl_prctl(PR_SET_SECUREBITS, set | UInt(CL_SECURE_ALL_LOCKS), 0))
  }

  /// Nothing that is executed from now on gains a privilege by it. The system call is `prctl(PR_SET_NO_NEW_PRIVS)`.
  package static func setNoNewPrivileges() throws(Errno) {
    _ = try valueOrErrno(kernel: cl_prctl(PR_SET_NO_NEW_PRIVS, 1, 0))
  }

  /// Does nothing for a while. The system call is `clock_nanosleep`.
  package static func sleep(milliseconds: Int) {
    var time = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
    _ = unsafe nanosleep(&time, nil)
  }

  /// Lets others run on this processor. The system call is `sched_yield`.
  package static func yield() {
    sched_yield()
  }
}
