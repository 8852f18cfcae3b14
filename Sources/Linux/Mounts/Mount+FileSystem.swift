internal import Glibc
package import SystemPackage

extension Mount {
  /// Mounts a new file system at a directory, or changes the one that is mounted there (``MountFlags/remount``).
  /// `options` are the file system's own, separated by commas.
  ///
  /// The system call is `mount`.
  /// - Throws: `E2BIG` if the kernel would cut the options, which have a page.
  package static func mount(
    _ source: HostPath, at directory: HostPath, type: StaticString, flags: MountFlags, options: Span<UInt8>
  ) throws(Errno) {
    guard options.count < Int(getpagesize()) else { throw .argListTooLong }
    let options = HostPath(lasting: options)
    let type = unsafe UnsafeRawPointer(type.utf8Start).assumingMemoryBound(to: CChar.self)
    _ = try unsafe valueOrErrno(
      Glibc.mount(source.pointer, directory.pointer, type, flags.rawValue, options.pointer))
  }
}
