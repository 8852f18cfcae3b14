internal import Glibc
package import SystemPackage

extension Process {
  /// A resource limit, `getrlimit(2)`.
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

  /// Sets the soft and the hard limit. The system call is `setrlimit`.
  package static func setLimit(_ limit: Limit, to value: UInt) throws(Errno) {
    var limits = rlimit(rlim_cur: value, rlim_max: value)
    _ = try unsafe valueOrErrno(setrlimit(limit.resource, &limits))
  }

  /// Returns the hard limit. The system call is `getrlimit`.
  package static func highest(_ limit: Limit) throws(Errno) -> UInt {
    var limits = rlimit()
    _ = try unsafe valueOrErrno(getrlimit(limit.resource, &limits))
    return limits.rlim_max
  }

  /// Raises a limit as far as the process may: without end with CAP_SYS_RESOURCE, else to the hard limit.
  ///
  /// The system calls are `getrlimit` and `setrlimit`.
  /// - Returns: true if the resource is unlimited.
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
}
