package import Linux
package import SystemPackage
package import Wire

/// The objects of an export: how they are found, looked at, listed and held by descriptors.
///
/// It takes no privilege, and neither a root directory nor a working directory of its own.
package struct ExportTree: ~Copyable {
  /// The directory that all objects are beneath.
  package let directory: Descriptor
  let status: FileStatus
  let boundary: Boundary
  let roots: Roots

  /// The root directories that clients see.
  package enum Roots: Sendable {
    /// One: the directory itself.
    case one
    /// So many directories in the directory, which clients don't see. Their names are numbers from 0 on, in decimal digits.
    case several(Int)

    /// The number of roots.
    package var count: Int {
      switch self {
      case .one: 1
      case .several(let count): count
      }
    }
  }

  /// The mechanism that keeps `..` of a directory, and an object's own path, from leading out of the export.
  package enum Boundary: Sendable {
    /// The process's mount namespace has the export's mount and nothing above it, or a directory of exports. The kernel
    /// fails `..` of a directory that was moved out of its mount with `ENOENT`.
    case mountNamespace
    /// Each time, a check of all directories up to the export's root.
    case checked
  }

  /// Makes the tree beneath a directory.
  package init(_ directory: consuming Descriptor, roots: Roots = .one, boundary: Boundary) throws(Errno) {
    status = try directory.status()
    self.directory = directory
    self.boundary = boundary
    self.roots = roots
  }

  /// Opens a new descriptor of the directory that all objects are beneath.
  package func root() throws(Errno) -> Descriptor { try directory.duplicate() }

  /// Opens a new descriptor of a root directory.
  ///
  /// - Throws: `ENOENT` where there are fewer.
  package func root(of index: Int) throws(Errno) -> Descriptor {
    guard index >= 0, index < roots.count else { throw .noSuchFileOrDirectory }
    switch roots {
    case .one: return try directory.duplicate()
    case .several:
      var name = Path()
      try name.set(number: index)
      return try directory.find(name)
    }
  }

  /// Finds an entry of a directory; of a symbolic link, the link itself. `buffer` is the calling thread's.
  package func find(
    _ name: Name, in directory: borrowing Descriptor, buffer: borrowing NameBuffer
  ) throws(Errno) -> Descriptor {
    try buffer.with(name.bytes) { name throws(Errno) in try directory.find(name) }
  }

  /// Finds the directory above one, which of a root is itself.
  ///
  /// - Parameters:
  ///   - directory: a directory.
  ///   - known: directories that the same walk has found to be within the export, so that a walk checks the way up to the
  ///     root once; nil where it has checked none.
  /// - Returns: a descriptor that names it.
  /// - Throws: `ENOENT` where it isn't within the export, as for a directory that somebody has moved out of it.
  package func parent(
    of directory: borrowing Descriptor, known: inout RecentFiles?
  ) throws(Errno) -> Descriptor {
    let parent = try parentWithin(of: directory, known: &known)
    if case .several = roots, try parent.status().isSame(as: status) { return try directory.duplicate() }
    return parent
  }

  private func parentWithin(
    of directory: borrowing Descriptor, known: inout RecentFiles?
  ) throws(Errno) -> Descriptor {
    guard boundary == .checked else { return try directory.parent() }
    guard try !directory.status().isSame(as: status) else { return try self.directory.duplicate() }
    let parent = try directory.parent()
    try requireWithin(parent, known: &known)
    return parent
  }

  /// Checks all directories up to the top, unless this one is known. This one and the next few above it are known then.
  private func requireWithin(_ directory: borrowing Descriptor, known: inout RecentFiles?) throws(Errno) {
    var status = try directory.status()
    if let known, known.contains(status) { return }
    var found = known ?? RecentFiles()
    found.insert(status)
    if !status.isSame(as: self.status) {
      var above = try directory.parent()
      for level in 1... {
        let next = try above.status()
        // Above the root of everything is itself.
        guard level < Self.deepest, !next.isSame(as: status) else { throw .noSuchFileOrDirectory }
        if level < Self.mostSteps { found.insert(next) }
        if next.isSame(as: self.status) { break }
        above = try above.parent()
        status = next
      }
    }
    known = found
  }

  /// The most directories, one in the other, that are checked.
  private static var deepest: Int { 100_000 }
  /// The most steps of a walk.
  private static var mostSteps: Int { 16 }

  /// Finds the directory of the export that holds an object, and the name that the object was found by.
  ///
  /// - Throws: `EBUSY` for the root; `ENOENT` where the name has gone, or is another object's.
  func directory(of object: borrowing Descriptor, name: inout Path) throws(Errno) -> Descriptor {
    let status = try object.status()
    guard !status.isSame(as: self.status) else { throw .resourceBusy }
    let directory = try object.directory(naming: &name)
    if boundary == .checked {
      // Its path is the host's.
      var known: RecentFiles? = nil
      try requireWithin(directory, known: &known)
    }
    guard try directory.find(name).status().isSame(as: status) else { throw .noSuchFileOrDirectory }
    return directory
  }
}

// Looking at objects.
extension ExportTree {
  /// Reads an object's status.
  package func status(of object: borrowing Descriptor) throws(Errno) -> FileStatus {
    try object.status()
  }

  /// Reads the number of the mount that an object was found through.
  package func mount(of object: borrowing Descriptor) throws(Errno) -> UInt64 {
    try object.mountID()
  }

  /// Reads the status of the file system that an object is on.
  package func fileSystemStatus(of object: borrowing Descriptor) throws(Errno) -> FileSystemStatus {
    try object.fileSystemStatus()
  }

  /// Reads a symbolic link's target.
  ///
  /// - Returns: bytes written to `buffer`; a longer target is cut.
  package func readLink(_ object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    try object.readlink(into: &buffer)
  }

  /// Reads an open file, until the buffer is full or the file ends.
  package func read(
    _ file: borrowing Descriptor, at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try file.read(at: offset, into: &buffer)
  }
}

// Listing directories.
extension ExportTree {
  /// Reads entries of an open directory: those after the entry with this cookie, all from the beginning for 0, or for nil
  /// those after the last that were read. An entry `..` of a root directory has the root's own inode.
  ///
  /// - Parameters:
  ///   - directory: an open directory.
  ///   - cookie: where to start.
  ///   - buffer: takes the entries, for ``Linux/KernelEntries``.
  ///   - parent: finds the directory above one, which of a root is itself.
  /// - Returns: bytes; 0 at the directory's end.
  /// - Throws: `EINVAL` where not even one entry fits.
  package func list(
    _ directory: borrowing Descriptor, from cookie: UInt64?, into buffer: inout MutableSpan<UInt8>,
    parent: (borrowing Descriptor) throws(Errno) -> Descriptor
  ) throws(Errno) -> Int {
    if let cookie { try directory.lseek(to: cookie) }
    let count = try directory.getdents64(into: &buffer)
    if let place = KernelEntries.placeOfParent(in: buffer.span.extracting(first: count)) {
      // The directory above a root is nobody's to know.
      let status = try directory.status()
      if isRoot(directory, status, parent) { KernelEntries.setInode(status.inode, at: place, in: &buffer) }
    }
    return count
  }

  private func isRoot(
    _ directory: borrowing Descriptor, _ status: FileStatus,
    _ parent: (borrowing Descriptor) throws(Errno) -> Descriptor
  ) -> Bool {
    guard case .several = roots else { return status.isSame(as: self.status) }
    do throws(Errno) {
      return try parent(directory).status().isSame(as: status)
    } catch {
      // It has been moved out of the export: the directory above it isn't to be known either.
      return true
    }
  }
}
