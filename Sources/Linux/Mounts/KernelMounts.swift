internal import CLinux
internal import Glibc
package import SystemPackage

/// Mounts below a directory that aren't of plain files: `/proc`, `/sys` and the like, by which the kernel shows itself and
/// takes orders, `/dev`, whose names are the host's, and those that have the host's automounter act.
///
/// They are nothing to share. Root rules the host by some, and links in `/proc` lead to the roots of other processes,
/// whatever mounts the one who follows them has. The kernel gets new ones, so that the known ones are those of plain files:
/// what is on a block device, and ``plainKinds``.
package struct KernelMounts: ~Copyable {
  /// Of those that the kernel marks with `nodev`: in memory, upon others, over the network, or of another process or system.
  private static var plainKinds: [25 of StaticString] {
    [
      "tmpfs", "ramfs", "overlay", "aufs", "ecryptfs", "zfs", "ubifs", "fuse", "virtiofs", "9p", "vboxsf", "vmhgfs",
      "prl_fs", "hostfs", "nfs", "nfs4", "cifs", "smb3", "ceph", "afs", "coda", "pvfs2", "lustre", "gpfs", "beegfs",
    ]
  }

  /// `/proc/filesystems`, `proc_filesystems(5)`.
  private var kinds = Buffer(capacity: 64 << 10)
  private var kindsCount = 0
  /// `/proc/self/mountinfo`, `proc_pid_mountinfo(5)`.
  private var table = Buffer(capacity: 4 << 20)
  private var tableCount = 0
  /// The directory's own path in it.
  private var root = Buffer(capacity: Int(PATH_MAX))
  private var rootCount = 0

  /// Reads the table of mounts. The system calls are `open`, `read` and `readlink`.
  ///
  /// - Throws: `ENOENT` where there is no `/proc` to read it from, `E2BIG` where it is larger than any.
  package init(below directory: borrowing Descriptor) throws(Errno) {
    tableCount = try Self.read("/proc/self/mountinfo", into: &table)
    do throws(Errno) {
      kindsCount = try Self.read("/proc/filesystems", into: &kinds)
    } catch .noSuchFileOrDirectory {
      // Then none is known to have a device.
    }
    var path = root.mutableSpan(0..<root.capacity)
    rootCount = try unsafe path.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      Int(try unsafe valueOrErrno(kernel: cl_path_of_descriptor(directory.rawValue, bytes.baseAddress, bytes.count)))
    }
    // Every mount is below "/", which ends in the slash that others have after their names.
    if rootCount == 1 { rootCount = 0 }
  }

  private static func read(_ path: StaticString, into buffer: inout Buffer) throws(Errno) -> Int {
    let name = unsafe UnsafeRawPointer(path.utf8Start).assumingMemoryBound(to: CChar.self)
    let file = Descriptor(adopting: try unsafe valueOrErrno(open(name, O_RDONLY | O_CLOEXEC)))
    var total = 0
    while true {
      guard total < buffer.capacity else { throw .argListTooLong }
      var rest = buffer.mutableSpan(total..<buffer.capacity)
      let count = try unsafe rest.withUnsafeMutableBufferPointer { bytes throws(Errno) in
        try unsafe valueOrErrno(Glibc.read(file.rawValue, bytes.baseAddress, bytes.count))
      }
      guard count > 0 else { return total }
      total += count
    }
  }

  /// Detaches them from the working directory, which is the same tree of mounts in a namespace of the process's own, with
  /// all that is mounted on them.
  ///
  /// In a user namespace that has the tree from outside they stay; there nobody can follow such links, or rules anything.
  /// The system call is `umount2(MNT_DETACH)`.
  /// - Parameter body: is told of each, with its path from there and its kind.
  /// - Throws: what keeps one from being detached that is there.
  package borrowing func detach(_ body: (borrowing Path, Span<UInt8>) -> Void) throws(Errno) {
    var path = Path()
    var point = Buffer(capacity: Int(PATH_MAX))
    var start = 0
    while let mount = nextMount(from: &start) {
      guard !isPlain(mount.kind), let count = unescape(mount.point, into: &point), isBelow(point.span(0..<count))
      else { continue }
      try path.set(point.span(rootCount + 1..<count))
      do throws(Errno) {
        // The last that was mounted there goes first.
        for _ in 0..<height(of: mount) {
          _ = try unsafe valueOrErrno(umount2(path.piece(at: 0), CInt(MNT_DETACH) | CL_UMOUNT_NOFOLLOW))
        }
        body(path, table.span(mount.kind))
      } catch .invalidArgument, .noSuchFileOrDirectory {
        // It has gone with the one that it is mounted in, or is locked.
      }
    }
  }

  /// A line of the table: where in that its fields are.
  private struct Mount {
    var identifier = 0..<0
    var parent = 0..<0
    /// The place of the mount.
    var point = 0..<0
    var kind = 0..<0
  }

  /// How many mounts there are in its place: it, and what is mounted on its root.
  private borrowing func height(of mount: Mount) -> Int {
    var (height, top, start) = (1, mount, 0)
    while let other = nextMount(from: &start) {
      guard isSame(other.parent, top.identifier), isSame(other.point, mount.point) else { continue }
      (height, top, start) = (height + 1, other, 0)
    }
    return height
  }

  private borrowing func end(of byte: UInt8, from start: Int) -> Int {
    let bytes = table.span(0..<tableCount)
    var index = start
    while index < tableCount, bytes[index] != byte { index += 1 }
    return index
  }

  /// The mount of the next line with one, which `start` is set behind.
  private borrowing func nextMount(from start: inout Int) -> Mount? {
    while start < tableCount {
      let line = start..<end(of: UInt8(ascii: "\n"), from: start)
      start = line.upperBound + 1
      if let mount = mount(in: line) { return mount }
    }
    return nil
  }

  /// Its kind is the field that follows a lone hyphen.
  private borrowing func mount(in line: Range<Int>) -> Mount? {
    var mount = Mount()
    var (field, start, isKind) = (0, line.lowerBound, false)
    while start < line.upperBound {
      let word = start..<min(end(of: UInt8(ascii: " "), from: start), line.upperBound)
      if isKind {
        mount.kind = word
        return mount
      }
      switch field {
      case 0: mount.identifier = word
      case 1: mount.parent = word
      case 4: mount.point = word
      default: isKind = field > 5 && word.count == 1 && table.span(word)[0] == UInt8(ascii: "-")
      }
      field += 1
      start = word.upperBound + 1
    }
    return nil
  }

  /// Blanks, tabs, newlines and backslashes are three octal digits there.
  private borrowing func unescape(_ word: Range<Int>, into point: inout Buffer) -> Int? {
    let escaped = table.span(word)
    var bytes = point.mutableSpan(0..<point.capacity)
    var count = 0
    var index = 0
    while index < escaped.count {
      guard count < bytes.count else { return nil }
      var byte = escaped[index]
      index += 1
      if byte == UInt8(ascii: "\\"), index + 3 <= escaped.count {
        byte = 0
        for digit in index..<index + 3 { byte = byte &* 8 &+ (escaped[digit] &- UInt8(ascii: "0")) }
        index += 3
      }
      bytes[count] = byte
      count += 1
    }
    return count
  }

  private borrowing func isPlain(_ kind: Range<Int>) -> Bool {
    // What follows a dot says who serves it, as in "fuse.sshfs".
    let kind = table.span(kind.lowerBound..<min(end(of: UInt8(ascii: "."), from: kind.lowerBound), kind.upperBound))
    let names = Self.plainKinds
    for index in names.indices {
      let name = unsafe Span(_unsafeStart: names[index].utf8Start, count: names[index].utf8CodeUnitCount)
      if Self.isSame(kind, name) { return true }
    }
    return hasDevice(kind)
  }

  /// Whether a line of the kernel's kinds says that this one is on a block device: there is no `nodev` before its tab.
  private borrowing func hasDevice(_ kind: Span<UInt8>) -> Bool {
    let lines = kinds.span(0..<kindsCount)
    var start = 0
    while start < lines.count {
      var end = start
      while end < lines.count, lines[end] != UInt8(ascii: "\n") { end += 1 }
      if lines[start] == UInt8(ascii: "\t"), Self.isSame(lines.extracting(start + 1..<end), kind) { return true }
      start = end + 1
    }
    return false
  }

  private borrowing func isSame(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
    Self.isSame(table.span(one), table.span(other))
  }

  private static func isSame(_ one: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
    guard one.count == other.count else { return false }
    for index in one.indices where one[index] != other[index] { return false }
    return true
  }

  /// Whether the first bytes are the directory's path, a slash and more.
  private borrowing func isBelow(_ point: Span<UInt8>) -> Bool {
    guard point.count > rootCount + 1, point[rootCount] == UInt8(ascii: "/") else { return false }
    return Self.isSame(point.extracting(first: rootCount), root.span(0..<rootCount))
  }
}
