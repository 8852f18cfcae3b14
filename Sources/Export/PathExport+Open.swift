package import Linux
internal import Synchronization
package import SystemPackage

extension PathExport {
  /// Opens an existing regular file or directory.
  ///
  /// - Throws: `EINVAL` for flags that would create, or only name, a file; `ENXIO` for anything but a regular file or
  ///   directory. Such a file is never opened, and the call never waits for one.
  package func open(_ path: borrowing Path, flags: OpenFlags) throws(Errno) -> Descriptor {
    guard !flags.contains(.create), !flags.contains(.path), !flags.contains(.temporary) else { throw .invalidArgument }
    if flags.writes { try access.requireWritable() }
    return try root.openExisting(path, flags: flags & access.openable)
  }

  /// Opens a regular file as `identity`, which owns it where this creates it.
  ///
  /// The flags needn't have `O_CREAT`, and a symbolic link is followed without `O_NOFOLLOW`, both as QEMU's helper does.
  /// - Throws: as ``open(_:flags:)``.
  package func create(
    _ path: borrowing Path, flags: OpenFlags, mode: UInt32, as identity: Identity
  ) throws(Errno) -> Descriptor {
    guard !flags.contains(.path), !flags.contains(.temporary) else { throw .invalidArgument }
    try access.requireWritable()
    let kept = flags & (access.openable | .create | .exclusive)
    return try ownership.making(as: identity) { () throws(Errno) -> Descriptor in
      guard kept.contains(.create) else { return try root.openExisting(path, flags: kept.subtracting(.exclusive)) }
      return try root.create(path, flags: kept, mode: mode)
    }
  }

  /// Reads an inode's generation, 0 where the file system keeps none.
  ///
  /// - Throws: `ENXIO` for anything but a regular file or directory.
  package func generation(of path: borrowing Path) throws(Errno) -> UInt64 {
    let status = try root.status(of: path, follow: true)
    try status.kind.refuseSpecial()
    guard status.device != deviceWithoutGenerations.load(ordering: .relaxed) else { return 0 }
    // Not to be read from, so it may stay as it was opened.
    let file = try root.openSeen(path, flags: .nonBlocking)
    if let generation = try file.generation() { return UInt64(generation) }
    deviceWithoutGenerations.store(try file.status().device, ordering: .relaxed)
    return 0
  }
}
