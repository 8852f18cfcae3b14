internal import CLinux
package import SystemPackage

extension Descriptor {
  /// Returns the id of the mount that the object was found through. No two mounts have the same id at a time.
  ///
  /// The system call is `statx(STATX_MNT_ID)`, Linux 5.8.
  package borrowing func mountID() throws(Errno) -> UInt64 {
    var mount: UInt64 = 0
    _ = try unsafe valueOrErrno(kernel: cl_get_mount(rawValue, &mount))
    return mount
  }
}
