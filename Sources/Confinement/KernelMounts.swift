internal import Linux
internal import SystemPackage

/// Mounts below a directory that don't hold plain files: `/proc`, `/sys` and the like, through which the kernel shows itself
/// and takes orders; `/dev`, whose names are the host's; and automount points, which make the host's automounter act.
///
/// They must not be shared. Through some, root rules the host, and links in `/proc` lead to the roots of other processes,
/// regardless of the mounts of the process that follows them. New kernels bring new types, so this lists the types of plain
/// files: those on a block device, and ``plainTypes``.
struct KernelMounts: ~Copyable {
  /// Types of plain files that the kernel lists with `nodev`: in memory, stacked, over the network, or served by another
  /// process or system.
  private static var plainTypes: [25 of StaticString] {
    [
      "tmpfs", "ramfs", "overlay", "aufs", "ecryptfs", "zfs", "ubifs", "fuse", "virtiofs", "9p", "vboxsf", "vmhgfs",
      "prl_fs", "hostfs", "nfs", "nfs4", "cifs", "smb3", "ceph", "afs", "coda", "pvfs2", "lustre", "gpfs", "beegfs",
    ]
  }

  private let table: MountTable
  /// The path of the directory, as the table writes it.
  private let root: Buffer
  private let rootCount: Int

  /// Reads the mount table and the directory's path in it.
  ///
  /// The system calls are `open`, `read` and `readlink`.
  /// - Throws: `ENOENT` without `/proc`, `E2BIG` if the table is too large.
  init(below directory: borrowing Descriptor) throws(Errno) {
    let table = try MountTable()
    var root = Buffer(capacity: Descriptor.longestPath)
    var path = root.mutableSpan(0..<root.capacity)
    let count = try directory.path(into: &path)
    self.table = table
    self.root = root
    // Every mount is below "/", which ends in the slash that other paths have after their last name.
    rootCount = count == 1 ? 0 : count
  }

  /// Detaches these mounts, and the mounts on them, from the working directory, which must be the same tree of mounts in the
  /// process's own mount namespace.
  ///
  /// In a user namespace, mounts that were inherited are locked and stay; no process there can follow such links, or rule
  /// anything.
  /// - Parameter body: called with the path of each, relative to the working directory, and its type.
  /// - Throws: the error that keeps a mount from being detached.
  borrowing func detach(_ body: (borrowing Path, Span<UInt8>) -> Void) throws(Errno) {
    var path = Path()
    var point = Buffer(capacity: Descriptor.longestPath)
    var start = 0
    while let mount = table.next(from: &start) {
      guard !isPlain(table.type(of: mount)) else { continue }
      var bytes = point.mutableSpan(0..<point.capacity)
      guard let count = table.point(of: mount, into: &bytes), isBelow(point.span(0..<count)) else { continue }
      try path.set(point.span(rootCount + 1..<count))
      do throws(Errno) {
        // The topmost mount goes first.
        for _ in 0..<table.height(of: mount) { try Mount.detach(path) }
        body(path, table.type(of: mount))
      } catch .invalidArgument, .noSuchFileOrDirectory {
        // It is gone with the mount that it was on, or is locked.
      }
    }
  }

  private borrowing func isPlain(_ type: Span<UInt8>) -> Bool {
    // A subtype after the dot names the server, as in "fuse.sshfs".
    let dot = type.indices.first { type[$0] == UInt8(ascii: ".") }
    let type = type.extracting(first: dot ?? type.count)
    let names = Self.plainTypes
    for index in names.indices {
      let name = unsafe Span(_unsafeStart: names[index].utf8Start, count: names[index].utf8CodeUnitCount)
      if Self.isEqual(type, name) { return true }
    }
    return table.isOnBlockDevice(type: type)
  }

  /// True if the path begins with the directory's, a slash and more.
  private borrowing func isBelow(_ point: Span<UInt8>) -> Bool {
    guard point.count > rootCount + 1, point[rootCount] == UInt8(ascii: "/") else { return false }
    return Self.isEqual(point.extracting(first: rootCount), root.span(0..<rootCount))
  }

  private static func isEqual(_ one: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
    guard one.count == other.count else { return false }
    for index in one.indices where one[index] != other[index] { return false }
    return true
  }
}
