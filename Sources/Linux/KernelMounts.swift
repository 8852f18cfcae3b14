internal import CLinux
internal import Glibc
package import SystemPackage

/// Mounts below a directory by which the kernel shows itself and takes orders: `/proc`, `/sys` and the like.
///
/// They are no files to share. Root rules the host by some, and links in `/proc` lead to the roots of other processes,
/// whatever mounts the one who follows them has.
package struct KernelMounts: ~Copyable {
  private static var kinds: [12 of StaticString] {
    [
      "proc", "sysfs", "cgroup", "cgroup2", "debugfs", "tracefs", "securityfs", "configfs", "efivarfs", "bpf",
      "binfmt_misc", "fusectl",
    ]
  }

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
    let file = Descriptor(adopting: try unsafe valueOrErrno(open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)))
    var isWhole = false
    while !isWhole {
      guard tableCount < table.capacity else { throw .argListTooLong }
      var rest = table.mutableSpan(tableCount..<table.capacity)
      let count = try unsafe rest.withUnsafeMutableBufferPointer { bytes throws(Errno) in
        try unsafe valueOrErrno(read(file.rawValue, bytes.baseAddress, bytes.count))
      }
      tableCount += count
      isWhole = count == 0
    }
    var path = root.mutableSpan(0..<root.capacity)
    rootCount = try unsafe path.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      Int(try unsafe valueOrErrno(kernel: cl_path_of_descriptor(directory.rawValue, bytes.baseAddress, bytes.count)))
    }
    // Every mount is below "/", which ends in the slash that others have after their names.
    if rootCount == 1 { rootCount = 0 }
  }

  /// Detaches them from the working directory, which is the same tree of mounts in a namespace of the process's own.
  ///
  /// In a user namespace that has the tree from outside they stay; there nobody can follow such links, or rules anything.
  /// The system call is `umount2(MNT_DETACH)`.
  /// - Parameter body: is told of each, with its path from there.
  /// - Throws: what keeps one from being detached that is there.
  package borrowing func detach(_ body: (borrowing Path) -> Void) throws(Errno) {
    var path = Path()
    var point = Buffer(capacity: Int(PATH_MAX))
    var start = 0
    while start < tableCount {
      let line = start..<end(of: UInt8(ascii: "\n"), from: start)
      start = line.upperBound + 1
      guard let count = readPoint(of: line, into: &point), isBelow(point.span(0..<count)) else { continue }
      try path.set(point.span(rootCount + 1..<count))
      do throws(Errno) {
        _ = try unsafe valueOrErrno(umount2(path.piece(at: 0), CInt(MNT_DETACH) | CL_UMOUNT_NOFOLLOW))
        body(path)
      } catch .invalidArgument, .noSuchFileOrDirectory {
        // It has gone with the one that it is mounted in, or is locked.
      }
    }
  }

  private borrowing func end(of byte: UInt8, from start: Int) -> Int {
    let bytes = table.span(0..<tableCount)
    var index = start
    while index < tableCount, bytes[index] != byte { index += 1 }
    return index
  }

  /// Copies a line's fifth field, the place of the mount, if its kind, which follows a lone hyphen, is one of these.
  ///
  /// - Returns: bytes.
  private borrowing func readPoint(of line: Range<Int>, into point: inout Buffer) -> Int? {
    var field = 0
    var start = line.lowerBound
    var place: Range<Int>?
    var isKind = false
    while start < line.upperBound {
      let word = start..<min(end(of: UInt8(ascii: " "), from: start), line.upperBound)
      if field == 4 { place = word }
      if isKind { return isKernels(word) ? place.flatMap { unescape($0, into: &point) } : nil }
      isKind = field > 5 && word.count == 1 && table.span(word)[0] == UInt8(ascii: "-")
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

  private borrowing func isKernels(_ kind: Range<Int>) -> Bool {
    let kinds = Self.kinds
    for index in kinds.indices {
      let name = unsafe Span(_unsafeStart: kinds[index].utf8Start, count: kinds[index].utf8CodeUnitCount)
      if Self.isSame(table.span(kind), name) { return true }
    }
    return false
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
