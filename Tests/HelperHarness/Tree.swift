import CLinux
import Glibc

/// A directory tree as it is, to be compared with another.
package struct Tree {
  /// One line for each file, in the order of their names.
  package private(set) var lines: [String] = []
  private let isRecent: ((Int64) -> Bool)?
  /// Inodes by the order in which they were met: says which names are one file's.
  private var inodes: [UInt64: Int] = [:]

  /// - Parameter isRecent: which times, in seconds since 1970, aren't to be told from each other. Without it all are told,
  ///   and also when a file was last changed in any way, so that nothing can be done to it and undone unseen.
  package init(_ path: String, isRecent: ((Int64) -> Bool)? = nil) {
    self.isRecent = isRecent
    let root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | cl_o_noatime)
    guard root >= 0 else {
      lines.append("can't open \(path): errno \(errno)")
      return
    }
    defer { close(root) }
    lines.append("/ " + describe(root, Array(".".utf8CString)))
    list(root, "")
  }

  /// What is in one directory.
  package static func names(in path: String) -> [String] {
    let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { close(directory) }
    return entries(directory).map { $0.dropLast().map { UInt8(bitPattern: $0) }.readable }
  }

  /// The first files that are unlike.
  package func difference(from other: Tree, _ names: (String, String)) -> String? {
    guard lines != other.lines else { return nil }
    let (mine, theirs) = (Set(lines), Set(other.lines))
    let onlyMine = lines.filter { !theirs.contains($0) }.prefix(6).map { "\(names.0): \($0)" }
    let onlyTheirs = other.lines.filter { !mine.contains($0) }.prefix(6).map { "\(names.1): \($0)" }
    return (onlyMine + onlyTheirs).joined(separator: "\n")
  }

  private mutating func list(_ directory: CInt, _ path: String) {
    for name in Self.entries(directory) {
      let shown = path + "/" + name.dropLast().map { UInt8(bitPattern: $0) }.readable
      lines.append(shown + " " + describe(directory, name))
      let inner = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | cl_o_noatime)
      guard inner >= 0 else { continue }
      list(inner, shown)
      close(inner)
    }
  }

  private static func entries(_ directory: CInt) -> [[CChar]] {
    let copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | cl_o_noatime)
    guard copy >= 0, let stream = fdopendir(copy) else { return [] }
    defer { closedir(stream) }
    var names: [[CChar]] = []
    while let entry = readdir(stream) {
      let start = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
      let name = UnsafeRawPointer(entry).advanced(by: start).assumingMemoryBound(to: CChar.self)
      let bytes = Array(UnsafeBufferPointer(start: name, count: strlen(name) + 1))
      if bytes != Array(".".utf8CString), bytes != Array("..".utf8CString) { names.append(bytes) }
    }
    return names.sorted { $0.lexicographicallyPrecedes($1) }
  }

  private mutating func describe(_ directory: CInt, _ name: [CChar]) -> String {
    var status = stat()
    guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return "errno \(errno)" }
    let number = inodes[UInt64(status.st_ino)] ?? inodes.count
    inodes[UInt64(status.st_ino)] = number
    var text = "#\(number) mode 0\(String(status.st_mode, radix: 8)) \(status.st_uid):\(status.st_gid)"
    text += " links \(status.st_nlink) size \(status.st_size)"
    text += " accessed \(time(status.st_atim)) modified \(time(status.st_mtim))"
    if isRecent == nil { text += " changed \(time(status.st_ctim))" }
    switch status.st_mode & S_IFMT {
    case S_IFCHR, S_IFBLK: text += " device \(status.st_rdev)"
    case S_IFLNK: text += " -> " + Self.target(directory, name).readable
    case S_IFREG: text += " holds " + Self.content(directory, name)
    default: break
    }
    return text + Self.attributes(directory, name)
  }

  private func time(_ time: timespec) -> String {
    isRecent?(Int64(time.tv_sec)) == true ? "now" : "\(time.tv_sec).\(time.tv_nsec)"
  }

  private static func target(_ directory: CInt, _ name: [CChar]) -> [UInt8] {
    var bytes = [CChar](repeating: 0, count: 5000)
    let count = readlinkat(directory, name, &bytes, bytes.count)
    return bytes.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
  }

  /// A digest of the file's beginning: tests write nothing far behind it.
  private static func content(_ directory: CInt, _ name: [CChar]) -> String {
    let file = openat(directory, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | cl_o_noatime)
    guard file >= 0 else { return "errno \(errno)" }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 16_384)
    let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
    guard count > 0 else { return "\(count)" }
    return String(digest(bytes[..<count]), radix: 16)
  }

  private static func attributes(_ directory: CInt, _ name: [CChar]) -> String {
    // There are no *at calls for them; names are beyond what a String of a path could say.
    let path = Array("/proc/self/fd/\(directory)/".utf8CString.dropLast()) + name
    var names = [CChar](repeating: 0, count: 65_536)
    let total = llistxattr(path, &names, names.count)
    guard total > 0 else { return total < 0 ? " attributes: errno \(errno)" : "" }
    let list = names.prefix(total).split(separator: 0).map(Array.init).sorted { $0.lexicographicallyPrecedes($1) }
    return list.map { attribute in
      var value = [UInt8](repeating: 0, count: 65_536)
      let count = value.withUnsafeMutableBytes { lgetxattr(path, attribute + [0], $0.baseAddress, $0.count) }
      let shown = attribute.map { UInt8(bitPattern: $0) }.readable
      return " \(shown)=\(count):\(String(digest(value.prefix(max(0, count))), radix: 16))"
    }.joined()
  }

  /// FNV-1a.
  private static func digest(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
