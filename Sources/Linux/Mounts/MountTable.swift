internal import CLinux
internal import Glibc
package import SystemPackage

/// The mounts of the process's mount namespace, and the types of file systems that the kernel has.
package struct MountTable: ~Copyable {
  /// A mount: the ranges of its fields in the table.
  package struct Entry {
    fileprivate var identifier = 0..<0
    fileprivate var parent = 0..<0
    fileprivate var point = 0..<0
    fileprivate var type = 0..<0
  }

  /// `/proc/filesystems`, `proc_filesystems(5)`.
  private var types = Buffer(capacity: 64 << 10)
  private var typesCount = 0
  /// `/proc/self/mountinfo`, `proc_pid_mountinfo(5)`.
  private var table = Buffer(capacity: 4 << 20)
  private var tableCount = 0

  /// Reads `/proc/self/mountinfo` and `/proc/filesystems`. The system calls are `open` and `read`.
  ///
  /// - Throws: `ENOENT` without `/proc`, `E2BIG` if a file is too large.
  package init() throws(Errno) {
    tableCount = try Self.read("/proc/self/mountinfo", into: &table)
    do throws(Errno) {
      typesCount = try Self.read("/proc/filesystems", into: &types)
    } catch .noSuchFileOrDirectory {
      // Then no type is known to be on a block device.
    }
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

  /// Returns the mount of the next line and moves `start`, which is 0 at the beginning, behind the line; nil at the end.
  package borrowing func next(from start: inout Int) -> Entry? {
    while start < tableCount {
      let line = start..<end(of: UInt8(ascii: "\n"), from: start)
      start = line.upperBound + 1
      if let mount = entry(in: line) { return mount }
    }
    return nil
  }

  /// The type of the mount's file system, with a subtype after a dot, as in `fuse.sshfs`.
  @_lifetime(borrow self)
  package borrowing func type(of mount: Entry) -> Span<UInt8> { table.span(mount.type) }

  /// Writes the path of the mount point.
  ///
  /// - Returns: the number of bytes; nil if the path doesn't fit.
  package borrowing func point(of mount: Entry, into bytes: inout MutableSpan<UInt8>) -> Int? {
    let escaped = table.span(mount.point)
    var count = 0
    var index = 0
    while index < escaped.count {
      guard count < bytes.count else { return nil }
      var byte = escaped[index]
      index += 1
      // Blanks, tabs, newlines and backslashes are three octal digits there.
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

  /// The number of mounts that are stacked at the mount point, from this one to the top.
  package borrowing func height(of mount: Entry) -> Int {
    var (height, top, start) = (1, mount, 0)
    while let other = next(from: &start) {
      guard isSame(other.parent, top.identifier), isSame(other.point, mount.point) else { continue }
      (height, top, start) = (height + 1, other, 0)
    }
    return height
  }

  /// True if file systems of this type are on a block device: the kernel doesn't list the type with `nodev`.
  package borrowing func isOnBlockDevice(type: Span<UInt8>) -> Bool {
    let lines = types.span(0..<typesCount)
    var start = 0
    while start < lines.count {
      var end = start
      while end < lines.count, lines[end] != UInt8(ascii: "\n") { end += 1 }
      if lines[start] == UInt8(ascii: "\t"), isEqual(lines.extracting(start + 1..<end), type) { return true }
      start = end + 1
    }
    return false
  }

  private borrowing func end(of byte: UInt8, from start: Int) -> Int {
    let bytes = table.span(0..<tableCount)
    var index = start
    while index < tableCount, bytes[index] != byte { index += 1 }
    return index
  }

  // The type is the field after a lone hyphen.
  private borrowing func entry(in line: Range<Int>) -> Entry? {
    var mount = Entry()
    var (field, start, isType) = (0, line.lowerBound, false)
    while start < line.upperBound {
      let word = start..<min(end(of: UInt8(ascii: " "), from: start), line.upperBound)
      if isType {
        mount.type = word
        return mount
      }
      switch field {
      case 0: mount.identifier = word
      case 1: mount.parent = word
      case 4: mount.point = word
      default: isType = field > 5 && word.count == 1 && table.span(word)[0] == UInt8(ascii: "-")
      }
      field += 1
      start = word.upperBound + 1
    }
    return nil
  }

  private borrowing func isSame(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
    isEqual(table.span(one), table.span(other))
  }
}

private func isEqual(_ one: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
  guard one.count == other.count else { return false }
  for index in one.indices where one[index] != other[index] { return false }
  return true
}
