internal import CSeccomp
internal import SystemPackage

/// Which system calls a serving process may still make.
///
/// The list is ``SystemCallRules``: what isn't there is refused, whoever asks. It is put together from ``Needs``, which the
/// parts of a server declare.
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

  /// Puts the filter around the calling thread and those that it will start, for good.
  ///
  /// It needs `no_new_privs`, or CAP_SYS_ADMIN.
  ///
  /// - Parameters:
  ///   - mode: what the filter does.
  ///   - needs: what the process does beside receiving and sending on the sockets that it has.
  ///   - readOnly: whether calls that change files are off the list too.
  /// - Throws: the step that failed.
  package static func load(_ mode: Mode, for needs: Needs, readOnly: Bool = false) throws(StageError) {
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
    var rules = unsafe SystemCallRules(list: list)
    rules.add(needs, readOnly: readOnly)
    guard rules.failure == 0 else {
      throw StageError(stage: "list the system calls", error: Errno(rawValue: -rules.failure))
    }
    let result = unsafe seccomp_load(list)
    guard result == 0 else { throw StageError(stage: "load the system-call filter", error: Errno(rawValue: -result)) }
  }
}
