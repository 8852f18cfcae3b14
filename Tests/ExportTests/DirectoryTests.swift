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
      try export.makeDirectory(in: export.root, try path("d"), mode: 0o751, as: me)
      try export.makeNode(in: export.root, try path("d/p"), mode: UInt32(Glibc.S_IFIFO) | 0o640, device: 0, as: me)
      try export.makeNode(in: export.root, try path("d/s"), mode: UInt32(S_IFSOCK) | 0o600, device: 0, as: me)
      try export.makeNode(in: export.root, try path("d/f"), mode: 0o604, device: 0, as: me)
      try export.makeSymbolicLink(in: export.root, try path("d/l"), target: try path("../nowhere"), as: me)
      try export.link(in: export.root, try path("d/l"), to: export.root, try path("l2"))
      let modes = ["d": S_IFDIR | 0o751, "d/p": S_IFIFO | 0o640, "d/s": S_IFSOCK | 0o600, "d/f": S_IFREG | 0o604]
      for (name, mode) in modes {
        let status = try export.status(in: export.root, try path(name))
        #expect(status.mode == mode, "\(name)")
        #expect(status.uid == geteuid())
      }
      let links = try export.status(in: export.root, try path("l2")).links
      #expect(links == 2, "a link to the symbolic link itself")
      #expect(try readLink(export, "d/l", room: 100) == "../nowhere")
      #expect(try readLink(export, "d/l", room: 2) == "..")
      #expect(throws: Errno.directoryNotEmpty) { try export.remove(in: export.root, try path("d")) }
      for name in ["d/p", "d/s", "d/f", "d/l", "l2", "d"] { try export.remove(in: export.root, try path(name)) }
      #expect(throws: Errno.noSuchFileOrDirectory) { try export.remove(in: export.root, try path("d")) }
    }
  }

  @Test func renamesAndReplaces() throws {
    try withExport { export in
      write("a", to: "a")
      write("b", to: "b")
      try export.rename(in: export.root, try path("a"), to: export.root, try path("b"))
      let file = try export.open(in: export.root, try path("b"), OpenFlags(rawValue: O_RDONLY))
      #expect(contents(file) == "a")
      mkdir("d", 0o755)
      mkdir("e", 0o755)
      write("x", to: "e/x")
      #expect(throws: Errno.directoryNotEmpty) {
        try export.rename(in: export.root, try path("d"), to: export.root, try path("e"))
      }
      #expect(throws: Errno.invalidArgument) {
        try export.rename(in: export.root, try path("e"), to: export.root, try path("e/below"))
      }
    }
  }

  /// Descriptors name directories too, as servers that hold objects will.
  @Test func startsFromAnyDirectory() throws {
    try withExport { export in
      mkdir("d", 0o755)
      let directory = try export.open(in: export.root, try path("d"), .directory)
      rename("d", "moved")
      try export.makeDirectory(in: directory, try path("e"), mode: 0o700, as: try myself())
      write("12345", to: "moved/f")
      try export.truncate(in: directory, try path("f"), to: 3)
      let size = try export.status(in: export.root, try path("moved/f")).size
      #expect(size == 3)
      let type = try export.fileSystemStatus(in: directory, try path("e")).type
      #expect(type != 0)
      // The thread is back at the root.
      #expect(access("moved/e", F_OK) == 0)
    }
  }
}

func readLink(_ export: borrowing Export, _ name: String, room: Int) throws -> String {
  var buffer = [UInt8](repeating: 0, count: room)
  var span = buffer.mutableSpan
  let count = try export.readLink(in: export.root, try path(name), into: &span)
  return String(decoding: buffer.prefix(count), as: UTF8.self)
}
