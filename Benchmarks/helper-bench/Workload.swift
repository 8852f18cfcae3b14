import Glibc

/// One line of the table: requests that leave the share as they found it, sent over and over.
struct Workload {
  enum Kind: String, CaseIterable {
    case open, look, make, change
  }

  let name: String
  let kind: Kind
  let cycle: [Step]
  /// What the time is given for: one request, or the pair that makes something and removes it.
  let unitsPerCycle: Int
  /// Whether errors are what is measured, the share's file system having no extended attributes.
  let isRefused: Bool

  init(_ name: String, _ kind: Kind, _ cycle: [Step], unitsPerCycle: Int = 1, isRefused: Bool = false) {
    self.name = isRefused ? name + ", refused" : name
    self.kind = kind
    self.cycle = cycle
    self.unitsPerCycle = unitsPerCycle
    self.isRefused = isRefused
  }

  /// All request types.
  static func all(for share: Share) -> [Workload] {
    opens + looks(share) + makes + changes(share)
  }

  private static var opens: [Workload] {
    [
      Workload("open a file", .open, [.open(Share.file, O_RDONLY)]),
      Workload("open a directory", .open, [.open(Share.directory, O_RDONLY | O_DIRECTORY)]),
    ]
  }

  private static func looks(_ share: Share) -> [Workload] {
    let isRefused = !share.hasAttributes
    return [
      Workload("lstat", .look, [.status(Share.file)]),
      Workload("readlink", .look, [.readLink(Share.symbolicLink)]),
      Workload("statfs", .look, [.fileSystemStatus(Share.file)]),
      Workload(
        "lgetxattr (length)", .look, [.attribute(Share.file, Share.attribute, size: 0)], isRefused: isRefused),
      Workload(
        "lgetxattr (value)", .look, [.attribute(Share.file, Share.attribute, size: 256)], isRefused: isRefused),
      Workload("llistxattr (length)", .look, [.attributes(Share.file, size: 0)], isRefused: isRefused),
      Workload("llistxattr (names)", .look, [.attributes(Share.file, size: 256)], isRefused: isRefused),
      Workload("getversion", .look, [.version(Share.file)]),
    ]
  }

  private static var makes: [Workload] {
    let new = Share.new
    return [("root", User.root), ("1000", User.ordinary)].flatMap { name, user in
      [
        Workload("create + remove as \(name)", .make, [.create(new, user), .remove(new)]),
        Workload("mknod + remove as \(name)", .make, [.makeNode(new, user), .remove(new)]),
        Workload("mkdir + remove as \(name)", .make, [.makeDirectory(new, user), .remove(new)]),
        Workload(
          "symlink + remove as \(name)", .make, [.makeSymbolicLink(new, target: "target", user), .remove(new)]),
      ]
    }
  }

  private static func changes(_ share: Share) -> [Workload] {
    let isRefused = !share.hasAttributes
    let set = Step.setAttribute(Share.file, Share.otherAttribute, to: Share.value)
    return [
      Workload("link + remove", .change, [.link(Share.file, Share.new), .remove(Share.new)]),
      Workload(
        "rename", .change, [.rename(Share.file, Share.new), .rename(Share.new, Share.file)], unitsPerCycle: 2),
      Workload("chmod", .change, [.changeMode(Share.file, 0o644)]),
      Workload("chown", .change, [.changeOwner(Share.file, .ordinary)]),
      Workload("truncate", .change, [.truncate(Share.file, to: Share.fileSize)]),
      Workload("utime", .change, [.setTimes(Share.file, seconds: 1_000_000_000)]),
      Workload(
        "lsetxattr", .change, [.setAttribute(Share.file, Share.attribute, to: Share.value)], isRefused: isRefused),
      Workload(
        "lsetxattr + lremovexattr", .change, [set, .removeAttribute(Share.file, Share.otherAttribute)],
        isRefused: isRefused),
    ]
  }

  /// What makes a helper touch most of its buffers: nearly the longest request and the longest reply.
  static var largest: Workload {
    let (set, get) = values(of: 60_000)
    return Workload(
      "largest frames", .change,
      set.cycle + get.cycle + [.removeAttribute(Share.file, Share.otherAttribute)])
  }

  /// A value of this many bytes, set and got.
  static func values(of count: Int) -> (set: Workload, get: Workload) {
    let value = [UInt8](repeating: 0x78, count: count)
    return (
      Workload("lsetxattr", .change, [.setAttribute(Share.file, Share.otherAttribute, to: value)]),
      Workload("lgetxattr", .look, [.attribute(Share.file, Share.otherAttribute, size: 65_000)])
    )
  }
}
