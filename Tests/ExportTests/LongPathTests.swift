import Export
import Glibc
import HelperHarness
import Linux
import SystemPackage
import Testing

/// Paths beyond PATH_MAX, which the kernel takes in no one call.
@Suite struct LongPathTests {
  static let name = String(repeating: "n", count: 250)

  /// A tree deep enough, and the path of its lowest directory.
  private static func deep(_ export: borrowing PathExport, levels: Int = 40) throws -> String {
    var text = ""
    for _ in 0..<levels {
      text += (text.isEmpty ? "" : "/") + name
      try export.makeDirectory(try path(text), mode: 0o755, as: try myself())
    }
    return text
  }

  @Test func everyOperationReachesDown() throws {
    try withExport { export in
      let me = try myself()
      let deep = try Self.deep(export)
      #expect(deep.utf8.count > 2 * Int(PATH_MAX))
      let file = try export.create(
        try path(deep + "/f"), flags: .create | OpenFlags(rawValue: O_RDWR), mode: 0o644, as: me)
      #expect(write(file.rawValue, "deep", 4) == 4)
      #expect(try export.status(of: try path(deep + "/f")).size == 4)
      try export.truncate(try path(deep + "/f"), to: 2)
      try export.changeMode(try path(deep + "/f"), to: 0o600)
      try export.changeOwner(try path(deep + "/f"), uid: me.uid, gid: me.gid)
      try export.setTimes(
        try path(deep + "/f"), access: Time(seconds: 1, nanoseconds: 0),
        modification: Time(seconds: 2, nanoseconds: 0))
      try export.link(try path(deep + "/f"), to: try path("top"))
      try export.link(try path("top"), to: try path(deep + "/g"))
      try export.rename(try path(deep + "/g"), to: try path(deep + "/h"))
      try export.makeSymbolicLink(try path(deep + "/l"), target: try path("f"), as: me)
      try export.makeNode(try path(deep + "/p"), mode: UInt32(Glibc.S_IFIFO), device: 0, as: me)
      #expect(try readLink(export, deep + "/l", room: 10) == "f")
      #expect(try export.fileSystemStatus(of: try path(deep + "/f")).blockSize > 0)
      _ = try export.generation(of: try path(deep + "/f"))
      let status = try export.status(of: try path("top"))
      #expect(status.links == 3 && status.size == 2 && status.mode & 0o777 == 0o600)
      #expect(status.access.seconds == 1 && status.modification.seconds == 2)
      let opened = try export.open(try path(deep + "/l"), flags: OpenFlags(rawValue: O_RDONLY))
      #expect(contents(opened) == "de")
      #expect(throws: Errno.noSuchAddressOrDevice) {
        _ = try export.open(try path(deep + "/p"), flags: OpenFlags(rawValue: O_RDONLY))
      }
      for last in ["/f", "/h", "/l", "/p", ""] { try export.remove(try path(deep + last)) }
      #expect(throws: Errno.noSuchFileOrDirectory) { _ = try export.status(of: try path(deep)) }
      // The thread is back at the root.
      #expect(access("top", F_OK) == 0)
    }
  }

  /// What the kernel says of a short path it says of a long one.
  @Test func errorsAndLinksAreTheKernels() throws {
    try withExport { export in
      let deep = try Self.deep(export)
      let middle = String(deep.prefix(20 * 251 - 1))
      try export.makeSymbolicLink(
        try path(middle + "/up"), target: try path("../.."), as: try myself())
      let down = String(deep.dropFirst(18 * 251))
      let byLink = try export.status(of: try path(middle + "/up/" + down)).inode
      let straight = try export.status(of: try path(deep)).inode
      #expect(byLink == straight)
      let byDots = try export.status(of: try path(deep + String(repeating: "/..", count: 39))).inode
      let first = try export.status(of: try path(Self.name)).inode
      #expect(byDots == first)
      write("", to: "file")
      let below = "file/" + String(repeating: "x/", count: 3000) + "y"
      #expect(throws: Errno.notDirectory) { _ = try export.status(of: try path(below)) }
      let missing = String(repeating: "x/", count: 3000) + "y"
      #expect(throws: Errno.noSuchFileOrDirectory) { _ = try export.status(of: try path(missing)) }
      let name256 = deep + "/" + String(repeating: "z", count: 256)
      #expect(throws: Errno.fileNameTooLong) { _ = try export.status(of: try path(name256)) }
    }
  }

  @Test func aTargetLongerThanTheKernelStoresIsRefused() throws {
    try withExport { export in
      let target = try path(String(repeating: "t/", count: 2500))
      #expect(throws: Errno.fileNameTooLong) {
        try export.makeSymbolicLink(try path("l"), target: target, as: try myself())
      }
    }
  }
}
