package import Linux
package import SystemPackage
package import Wire

// Opening and making.
extension Export {
  /// Opens an object. A file that others than a client's root truncate loses its set-id bits.
  ///
  /// - Throws: `ENXIO` for anything but a regular file or directory, which is never opened; `ELOOP` for a symbolic link;
  ///   `EINVAL` for flags that would create, or only name, a file.
  package func open(
    _ object: borrowing Descriptor, flags: OpenFlags, isRoot: Bool
  ) throws(Errno) -> OpenedFile {
    guard !flags.contains(.create), !flags.contains(.path), !flags.contains(.temporary) else { throw .invalidArgument }
    // An object stays of the kind that it was.
    let status = try object.status()
    switch status.kind {
    case .regular, .directory: break
    case .symbolicLink: throw .tooManySymbolicLinkLevels
    case .other: throw .noSuchAddressOrDevice
    }
    if flags.writes { try access.requireWritable() }
    // The link that leads to it must be followed.
    let kept = (flags & access.openable).subtracting(.noFollow)
    let opened: Descriptor
    do throws(Errno) {
      opened = try reopen(object, flags: kept, isRoot: isRoot)
    } catch .notPermitted where kept.contains(.noAccessTime) {
      opened = try reopen(object, flags: kept.subtracting(.noAccessTime), isRoot: isRoot)
    }
    // Truncating has changed it.
    let now = kept.contains(.truncate) ? try opened.status() : status
    return OpenedFile(opened, status: now)
  }

  private func reopen(
    _ object: borrowing Descriptor, flags: OpenFlags, isRoot: Bool
  ) throws(Errno) -> Descriptor {
    guard flags.contains(.truncate) else { return try object.reopen(flags) }
    return try ownership.truncating(isRoot: isRoot) { () throws(Errno) in try object.reopen(flags) }
  }

  /// Makes a regular file that `identity` owns, or opens the one that has the name.
  ///
  /// - Throws: `ELOOP` for a symbolic link, which is never followed; `ENXIO` for a special file; `EINVAL` for flags that
  ///   would only name a file, or make one without a name.
  package func create(
    _ name: Name, in directory: borrowing Descriptor, flags: OpenFlags, mode: UInt32, as identity: Identity
  ) throws(Errno) -> OpenedFile {
    guard !flags.contains(.path), !flags.contains(.temporary) else { throw .invalidArgument }
    try access.requireWritable()
    // Without these a link in its place would be followed, and something else than a new file opened.
    let kept = flags & (access.openable | .exclusive) | .create | .noFollow
    let opened = try self.name.with(name.bytes) { name throws(Errno) -> Descriptor in
      try ownership.making(as: identity) { () throws(Errno) -> Descriptor in
        try directory.create(name, flags: kept, mode: mode.permissions)
      }
    }
    let status = try opened.status()
    guard status.kind == .regular else { throw .isDirectory }
    return OpenedFile(opened, status: status)
  }

  /// Makes a directory that `identity` owns.
  package func makeDirectory(
    _ name: Name, in directory: borrowing Descriptor, mode: UInt32, as identity: Identity
  ) throws(Errno) -> FileStatus {
    try access.requireWritable()
    return try self.name.with(name.bytes) { name throws(Errno) in
      try ownership.making(as: identity) { () throws(Errno) in
        try directory.mkdir(name, mode: mode.permissions)
      }
      return try directory.status(of: name, follow: false)
    }
  }

  /// Makes a FIFO, socket, device or regular file that `identity` owns; devices need to be made as root.
  package func makeNode(
    _ name: Name, in directory: borrowing Descriptor, mode: UInt32, device: UInt64, as identity: Identity
  ) throws(Errno) -> FileStatus {
    try access.requireWritable()
    return try self.name.with(name.bytes) { name throws(Errno) in
      try ownership.making(as: identity) { () throws(Errno) in
        try directory.mknod(name, mode: mode.typeAndPermissions, device: device)
      }
      return try directory.status(of: name, follow: false)
    }
  }

  /// Makes a symbolic link that `identity` owns. The target is stored unchanged.
  package func makeSymbolicLink(
    _ name: Name, in directory: borrowing Descriptor, target: Span<UInt8>, as identity: Identity
  ) throws(Errno) -> FileStatus {
    try access.requireWritable()
    return try self.name.with(name.bytes) { name throws(Errno) in
      try other.with(target) { target throws(Errno) in
        try ownership.making(as: identity) { () throws(Errno) in
          try directory.symlink(name, target: target)
        }
      }
      return try directory.status(of: name, follow: false)
    }
  }
}
