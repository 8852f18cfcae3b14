import Glibc
import HelperHarness
import NinePHarness
import Testing

/// Other file systems that are mounted below what is served.
@Suite("Other devices", .eitherWay, .enabled(if: hasRoot(), "needs root"))
struct DeviceTests {
  /// Calls `body` with a share that has in it `memory`, a file system of its own, `again`, a directory of the same one that
  /// is mounted once more,
  /// and `bound`, a file of the other's.
  private func withMounts(keepsToMount: Bool, _ body: (Served) throws -> Void) throws {
    let served = try Served(keepsToMount: keepsToMount)
    for name in ["memory", "again", "directory"] { mkdir(served.path(name), 0o755) }
    for name in ["file", "bound", "directory/file"] { served.write("here", to: name) }
    defer { for name in ["bound", "memory", "again"] { umount2(served.path(name), CInt(MNT_DETACH)) } }
    try #require(mount("tmpfs", served.path("memory"), "tmpfs", 0, nil) == 0)
    served.write("there", to: "memory/file")
    try #require(mount(served.path("directory"), served.path("again"), nil, UInt(Glibc.MS_BIND), nil) == 0)
    try #require(mount(served.path("memory/file"), served.path("bound"), nil, UInt(Glibc.MS_BIND), nil) == 0)
    try served.client.start()
    try body(served)
  }

  @Test("they are served, with numbers of their own")
  func served() throws {
    try withMounts(keepsToMount: false) { served in
      let client = served.client
      var paths: Set<UInt64?> = []
      for (fid, names) in [["file"], ["directory", "file"], ["memory", "file"], ["memory"]].enumerated() {
        try client.done(.walk(0, UInt32(fid) + 1, names))
        paths.insert(try client.done(.status(UInt32(fid) + 1)).u64(13))
      }
      #expect(paths.count == 4)
      try client.done(.walk(0, 10))
      try client.done(.create(10, "bound"))
    }
  }

  @Test("they can be kept out, and with them all that is another mount")
  func keptOut() throws {
    try withMounts(keepsToMount: true) { served in
      let client = served.client
      #expect(try client.failure(.walk(0, 1, "memory")) == ENODEV)
      #expect(try client.failure(.walk(0, 1, "bound")) == ENODEV)
      #expect(try client.failure(.walk(0, 0, "memory")) == ENODEV)
      #expect(try client.failure(.walk(0, 1, "again")) == ENODEV)
      #expect(try client.done(.walk(0, 1, "directory", "..", "memory", "file")).u16(0) == 2)
      #expect(try client.failure(.status(1)) == EBADF)
      try client.done(.walk(0, 2))
      for flags: UInt32 in [0, 2, 0o1102] {
        #expect(try client.failure(.create(2, "bound", flags)) == ENODEV)
      }
      #expect(served.text(of: "memory/file") == "there")
      try client.done(.create(2, "new"))
      try client.done(.walk(0, 3, "directory", "file"))
      try client.done(.open(3))
      // They are in listings, which say nothing of what is mounted.
      try client.done(.walk(0, 4))
      try client.done(.open(4))
      #expect(try client.done(.list(4)).entries.contains { $0.name == "memory" })
    }
  }
}
