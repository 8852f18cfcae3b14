internal import CLinux
package import SystemPackage

/// What the kernel knows of a file by itself. Whoever sends a descriptor may serve its file system, too, and never answer.
package struct KnownFile {
  private let raw: cl_known_file

  fileprivate init(_ raw: cl_known_file) { self.raw = raw }

  package var kind: FileKind { FileKind(mode: raw.mode) }
  /// The kernel's own objects, such as eventfds, have no type bits.
  package var hasNoType: Bool { raw.mode & 0o170_000 == 0 }
  /// Bytes.
  package var size: UInt64 { raw.size }
  /// Whether it is of tmpfs or hugetlbfs, as memfds are.
  package var isMemory: Bool { raw.is_memory }
  /// Whether its file system has a block device, so that it is this machine's own.
  package var hasDevice: Bool { raw.has_device }
}

extension Descriptor {
  /// Describes a file without asking the process or the machine that its file system may be in.
  ///
  /// The system calls are `statx(AT_STATX_DONT_SYNC)` and `fcntl(F_GET_SEALS)`.
  package borrowing func knownFile() throws(Errno) -> KnownFile {
    var raw = cl_known_file()
    _ = try unsafe valueOrErrno(kernel: cl_get_known_file(rawValue, &raw))
    return KnownFile(raw)
  }
}
