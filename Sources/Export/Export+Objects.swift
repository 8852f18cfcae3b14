package import Linux
package import SystemPackage

// Objects that are held by a descriptor which only names them (O_PATH), or by an open one: servers that hold what their
// clients work on need no path. The working directory must be ``Linux/DescriptorLinks``.
extension Export {
  /// The export's root directory, once more.
  package func hold() throws(Errno) -> Descriptor {
    try root.duplicate()
  }

  /// What has this name in a directory; of a symbolic link, the link itself. The name must be one: no slash, no `..`.
  package func find(_ name: borrowing Path, in directory: borrowing Descriptor) throws(Errno) -> Descriptor {
    try directory.find(name)
  }

  /// The directory above one, which of the root is itself.
  ///
  /// - Parameters:
  ///   - directory: a directory.
  ///   - known: directories of which the same walk has found that they are within the export, so that a walk checks the
  ///     way up to the root once; nil where it has checked none.
  /// - Returns: a descriptor that names it.
  /// - Throws: `ENOENT` where it isn't within the export, as of a directory that somebody has moved out of it.
  package func parent(
    of directory: borrowing Descriptor, known: inout RecentFiles?
  ) throws(Errno) -> Descriptor {
    guard boundary == .checked else { return try directory.parent() }
    let top = try root.status()
    guard try !directory.status().isSame(as: top) else { return try root.duplicate() }
    let parent = try directory.parent()
    try requireWithin(top, parent, &known)
    return parent
  }

  /// Checks all directories up to the export's root, which is `top`, unless this one is known. This one and the next few
  /// above it are known then.
  private func requireWithin(
    _ top: FileStatus, _ directory: borrowing Descriptor, _ known: inout RecentFiles?
  ) throws(Errno) {
    var status = try directory.status()
    if let known, known.contains(status) { return }
    var found = known ?? RecentFiles()
    found.insert(status)
    if !status.isSame(as: top) {
      var above = try directory.parent()
      for level in 1... {
        let next = try above.status()
        // Above the root of everything is itself.
        guard level < Self.deepest, !next.isSame(as: status) else { throw .noSuchFileOrDirectory }
        if level < Self.mostSteps { found.insert(next) }
        if next.isSame(as: top) { break }
        above = try above.parent()
        status = next
      }
    }
    known = found
  }

  /// The most directories, one in the other, that are checked.
  private static let deepest = 100_000
  /// The most steps of a walk.
  private static let mostSteps = 16

  /// What is said of an object.
  package func status(of object: borrowing Descriptor) throws(Errno) -> FileStatus {
    try object.status()
  }

  /// The number of the mount that an object was found through.
  package func mount(of object: borrowing Descriptor) throws(Errno) -> UInt64 {
    try object.mountID()
  }

  /// What is said of the file system that an object is on.
  package func fileSystemStatus(of object: borrowing Descriptor) throws(Errno) -> FileSystemStatus {
    try object.fileSystemStatus()
  }

  /// Opens an object of this kind. `isRoot` says that the client's root does it: what
  /// others truncate loses set-id bits.
  ///
  /// - Throws: `ENXIO` for anything but a regular file or directory, which is never opened; `ELOOP` for a symbolic link.
  package func open(
    _ object: borrowing Descriptor, kind: FileKind, _ flags: OpenFlags, isRoot: Bool
  ) throws(Errno) -> Descriptor {
    guard !flags.contains(.create), !flags.contains(.path), !flags.contains(.temporary) else { throw .invalidArgument }
    // An object stays of the kind that it was.
    switch kind {
    case .regular, .directory: break
    case .symbolicLink: throw .tooManySymbolicLinkLevels
    case .other: throw .noSuchAddressOrDevice
    }
    if flags.writes { try mayChange() }
    // The link that leads to it must be followed.
    let kept = (flags & openable).subtracting(.noFollow)
    do throws(Errno) {
      return try reopen(object, kept, isRoot: isRoot)
    } catch .notPermitted where kept.contains(.noAccessTime) {
      return try reopen(object, kept.subtracting(.noAccessTime), isRoot: isRoot)
    }
  }

  private func reopen(
    _ object: borrowing Descriptor, _ flags: OpenFlags, isRoot: Bool
  ) throws(Errno) -> Descriptor {
    if isRoot || !flags.contains(.truncate) { return try object.reopen(flags) }
    return try identity.clearingSetIDs { () throws(Errno) in try object.reopen(flags) }
  }

  /// Changes one thing after the other. Where one can't be changed, those before it are. `isOpen` says that the object is
  /// open for writing.
  ///
  /// - Throws: `EOVERFLOW` for an id that there isn't, as ``changeOwner(in:_:uid:gid:)``.
  package func change(
    _ object: borrowing Descriptor, _ change: StatusChange, isOpen: Bool
  ) throws(Errno) {
    try mayChange()
    if let owner = change.owner {
      do throws(Errno) {
        try object.chown(uid: owner.uid, gid: owner.gid)
      } catch .invalidArgument {
        throw .overflow
      }
    }
    if let mode = change.mode { try object.chmod(to: mode) }
    if let size = change.size {
      if change.isRoot {
        try object.truncate(isOpen: isOpen, to: size)
      } else {
        try identity.clearingSetIDs { () throws(Errno) in try object.truncate(isOpen: isOpen, to: size) }
      }
    }
    if let times = change.times { try object.utimens(access: times.access, modification: times.modification) }
  }

  /// Reads what is in an open file, until the buffer is full or the file ends.
  package func read(
    _ file: borrowing Descriptor, at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try file.read(at: offset, into: &buffer)
  }

  /// Writes to a file that is open for it. `isRoot` is as in ``open(_:kind:_:isRoot:)``.
  ///
  /// - Returns: bytes written.
  package func write(
    _ data: Span<UInt8>, to file: borrowing Descriptor, at offset: UInt64, isRoot: Bool
  ) throws(Errno) -> Int {
    if isRoot { return try file.write(data, at: offset) }
    return try writing.write { () throws(Errno) in try file.write(data, at: offset) }
  }

  /// A symbolic link's target.
  ///
  /// - Returns: bytes written to `buffer`; a longer target is cut.
  package func readLink(_ object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    try object.readlink(into: &buffer)
  }

  /// Gives an object another name.
  package func link(
    _ object: borrowing Descriptor, into directory: borrowing Descriptor, _ name: borrowing Path
  ) throws(Errno) {
    try mayChange()
    try object.link(into: directory, name: name)
  }

  /// Removes a name of a directory, which must be empty, or of anything else.
  package func remove(
    _ name: borrowing Path, in directory: borrowing Descriptor, isDirectory: Bool
  ) throws(Errno) {
    try mayChange()
    if isDirectory { try directory.rmdir(name) } else { try directory.unlink(name) }
  }

  /// Removes the name that an object was found by, wherever that has been moved to. The object must be there; who puts
  /// another in its place just then has that one removed, since the kernel removes nothing but names.
  ///
  /// - Throws: `ENOENT` where the name has gone, or is another's; `EBUSY` of the root; `ENAMETOOLONG` where the way there
  ///   is longer than the kernel tells.
  package func remove(_ object: borrowing Descriptor) throws(Errno) {
    try mayChange()
    var name = Path()
    let directory = try directory(of: object, &name)
    try remove(name, in: directory, isDirectory: try object.status().kind == .directory)
  }

  /// Renames what an object was found by, as ``remove(_:)`` removes it, and replaces what has the new name.
  package func rename(
    _ object: borrowing Descriptor, to other: borrowing Descriptor, _ new: borrowing Path
  ) throws(Errno) {
    try mayChange()
    var name = Path()
    let directory = try directory(of: object, &name)
    try rename(in: directory, name, to: other, new)
  }

  /// The directory of the export that an object is in, and the name that it was found by.
  private func directory(of object: borrowing Descriptor, _ name: inout Path) throws(Errno) -> Descriptor {
    let (top, status) = (try root.status(), try object.status())
    guard !status.isSame(as: top) else { throw .resourceBusy }
    let directory = try object.directory(naming: &name)
    if boundary == .checked {
      // Its path is the host's.
      var known: RecentFiles? = nil
      try requireWithin(top, directory, &known)
    }
    guard try directory.find(name).status().isSame(as: status) else { throw .noSuchFileOrDirectory }
    return directory
  }

  /// An extended attribute's value.
  package func attribute(
    of object: borrowing Descriptor, name: borrowing Path, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try object.getxattr(name, into: &buffer)
  }

  /// All extended attributes' names, each with its NUL.
  package func attributes(
    of object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try object.listxattr(into: &buffer)
  }

  /// Sets an extended attribute; `flags` are `setxattr(2)`'s.
  package func setAttribute(
    of object: borrowing Descriptor, name: borrowing Path, to value: Span<UInt8>, flags: Int32
  ) throws(Errno) {
    try mayChange()
    try object.setxattr(name, to: value, flags: flags)
  }

  /// Removes an extended attribute.
  package func removeAttribute(of object: borrowing Descriptor, name: borrowing Path) throws(Errno) {
    try mayChange()
    try object.removexattr(name)
  }
}

extension Descriptor {
  fileprivate func truncate(isOpen: Bool, to size: Int64) throws(Errno) {
    if isOpen { try ftruncate(to: size) } else { try truncate(to: size) }
  }
}
