import Export
import Glibc
import HelperHarness
import Linux
import SystemPackage
import Testing

@Suite struct DirectoryTests {
  @Test func makesAndRemovesEachKind() throws {
    try withExport { export in
      let me = try myself()
      try export.makeDirectory(try path("d"), mode: 0o751, as: me)
      try export.makeNode(try path("d/p"), mode: UInt32(Glibc.S_IFIFO) | 0o640, device: 0, as: me)
      try export.makeNode(try path("d/s"), mode: UInt32(S_IFSOCK) | 0o600, device: 0, as: me)
      try export.makeNode(try path("d/f"), mode: 0o604, device: 0, as: me)
      try export.makeSymbolicLink(try path("d/l"), target: try path("../nowhere"), as: me)
      try export.link(try path("d/l"), to: try path("l2"))
      let modes = ["d": S_IFDIR | 0o751, "d/p": S_IFIFO | 0o640, "d/s": S_IFSOCK | 0o600, "d/f": S_IFREG | 0o604]
      for (name, mode) in modes {
        let status = try export.status(of: try path(name))
        #expect(status.mode == mode, "\(name)")
        #expect(status.uid == geteuid())
      }
      let links = try export.status(of: try path("l2")).links
      #expect(links == 2, "a link to the symbolic link itself")
      #expect(try readLink(export, "d/l", room: 100) == "../nowhere")
      #expect(try readLink(export, "d/l", room: 2) == "..")
      #expect(throws: Errno.directoryNotEmpty) { try export.remove(try path("d")) }
      for name in ["d/p", "d/s", "d/f", "d/l", "l2", "d"] { try export.remove(try path(name)) }
      #expect(throws: Errno.noSuchFileOrDirectory) { try export.remove(try path("d")) }
    }
  }

  @Test func renamesAndReplaces() throws {
    try withExport { export in
      write("a", to: "a")
      write("b", to: "b")
      try export.rename(try path("a"), to: try path("b"))
      let file = try export.open(try path("b"), flags: OpenFlags(rawValue: O_RDONLY))
      #expect(contents(file) == "a")
      mkdir("d", 0o755)
      mkdir("e", 0o755)
      write("x", to: "e/x")
      #expect(throws: Errno.directoryNotEmpty) {
        try export.rename(try path("d"), to: try path("e"))
      }
      #expect(throws: Errno.invalidArgument) {
        try export.rename(try path("e"), to: try path("e/below"))
      }
    }
  }
}

func readLink(_ export: borrowing PathExport, _ name: String, room: Int) throws -> String {
  var buffer = [UInt8](repeating: 0, count: room)
  var span = buffer.mutableSpan
  let count = try export.readLink(try path(name), into: &span)
  return String(decoding: buffer.prefix(count), as: UTF8.self)
}
