internal import CLinux
package import SystemPackage

/// The capabilities that the calling thread could gain by executing a program.
package enum InheritableCapabilities {
  /// Empties the bounding and the ambient set, irrevocably. The system calls are `prctl(PR_CAPBSET_DROP)` and
  /// `prctl(PR_CAP_AMBIENT)`.
  ///
  /// - Throws: `EPERM` without CAP_SETPCAP.
  package static func drop() throws(Errno) {
    _ = try valueOrErrno(kernel: cl_prctl(PR_CAP_AMBIENT, UInt(PR_CAP_AMBIENT_CLEAR_ALL), 0))
    var bit: UInt = 0
    // Reading fails beyond the last capability that the kernel knows. The second read is the proof.
    while cl_prctl(PR_CAPBSET_READ, bit, 0) >= 0 {
      _ = try valueOrErrno(kernel: cl_prctl(PR_CAPBSET_DROP, bit, 0))
      guard cl_prctl(PR_CAPBSET_READ, bit, 0) == 0 else { throw .notPermitted }
      bit += 1
    }
  }
}
