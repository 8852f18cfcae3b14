import Glibc
import HelperHarness
import NinePHarness
import Testing

/// `Tremove` and `Trename`, which name a file by its fid alone.
@Suite("Removing and renaming by a fid", .everyTransport)
struct RemovalTests {
  private func served(readOnly: Bool = false) throws -> Served {
    let served = try Served(readOnly: readOnly)
    mkdir(served.path("d"), 0o755)
    for name in ["file", "other", "d/inner"] { served.write(name, to: name) }
    symlink("file", served.path("link"))
    mkfifo(served.path("fifo"), 0o644)
    try served.client.start()
    return served
  }

  @Test("what a fid stands for is removed, of any kind and open too, and the fid has gone")
  func kinds() throws {
    let served = try served()
    mkdir(served.path("empty"), 0o755)
    for (index, name) in ["file", "empty", "link", "fifo"].enumerated() {
      let fid = UInt32(index + 1)
      try served.client.done(.walk(0, fid, name))
      try served.client.done(.remove(fid))
      #expect(try served.client.failure(.status(fid)) == EBADF)
    }
    try served.client.done(.walk(0, 1, "other"))
    try served.client.done(.open(1, 2))
    try served.client.done(.remove(1))
    try served.client.done(.walk(0, 1, "d", "inner"))
    try served.client.done(.remove(1))
    #expect(try FileList.names(served.directory.path) == ["d"])
    #expect(try FileList.names(served.path("d")).isEmpty)
  }

  @Test("where it can't be removed the fid has gone too")
  func failures() throws {
    let served = try served()
    try served.client.done(.walk(0, 1, "d"))
    #expect(try served.client.failure(.remove(1)) == ENOTEMPTY)
    try served.client.done(.walk(0, 2))
    #expect(try served.client.failure(.remove(2)) == EBUSY)
    for fid: UInt32 in 1...3 { #expect(try served.client.failure(.remove(fid)) == EBADF) }
    #expect(try FileList.names(served.directory.path).count == 5)
  }

  @Test("it is removed where it has been moved to, and not what is in its place")
  func moved() throws {
    let served = try served()
    try served.client.done(.walk(0, 1, "file"))
    rename(served.path("file"), served.path("d/new"))
    served.write("another", to: "file")
    try served.client.done(.remove(1))
    #expect(try FileList.names(served.path("d")) == ["inner"])
    #expect(served.text(of: "file") == "another")
    // The same where its directory was moved.
    try served.client.done(.walk(0, 2, "d", "inner"))
    rename(served.path("d"), served.path("e"))
    try served.client.done(.remove(2))
    #expect(try FileList.names(served.path("e")).isEmpty)
  }

  @Test("what has taken its name stays")
  func replaced() throws {
    let served = try served()
    try served.client.done(.walk(0, 1, "file"))
    rename(served.path("other"), served.path("file"))
    #expect(try served.client.failure(.remove(1)) == ENOENT)
    try served.client.done(.walk(0, 2, "file"))
    unlink(served.path("file"))
    served.write("another", to: "file")
    #expect(try served.client.failure(.rename(2, to: 0, "new")) == ENOENT)
    #expect(served.text(of: "file") == "another")
    // The kernel says of a removed file that it is one of this name.
    served.write("marked", to: "file (deleted)")
    #expect(try served.client.failure(.remove(2)) == ENOENT)
    #expect(served.text(of: "file (deleted)") == "marked")
    try served.client.done(.walk(0, 3, "file (deleted)"))
    try served.client.done(.remove(3))
    #expect(served.text(of: "file (deleted)") == nil)
    #expect(served.text(of: "file") == "another")
  }

  @Test("of several names the one is removed that it was found by")
  func hardLinks() throws {
    let served = try served()
    link(served.path("file"), served.path("d/second"))
    link(served.path("file"), served.path("third"))
    try served.client.done(.walk(0, 1, "d", "second"))
    try served.client.done(.remove(1))
    try served.client.done(.walk(0, 1, "third"))
    try served.client.done(.rename(1, to: 0, "fourth"))
    #expect(try FileList.names(served.path("d")) == ["inner"])
    #expect(try FileList.names(served.directory.path).sorted() == ["d", "fifo", "file", "fourth", "link", "other"])
  }

  @Test("what has been moved out of the export stays there")
  func outside() throws {
    let served = try served()
    let outside = try TemporaryDirectory()
    try served.client.done(.walk(0, 1, "d", "inner"))
    try served.client.done(.walk(0, 2, "d"))
    try served.client.done(.walk(0, 3, "file"))
    rename(served.path("d"), outside.path + "/d")
    rename(served.path("file"), outside.path + "/file")
    for fid: UInt32 in 1...3 {
      #expect(try served.client.failure(.rename(fid, to: 0, "back")) == ENOENT)
      #expect(try served.client.failure(.remove(fid)) == ENOENT)
    }
    #expect(try FileList.names(outside.path).sorted() == ["d", "file"])
    #expect(try FileList.names(outside.path + "/d") == ["inner"])
  }

  @Test("a way there that the kernel can't tell is too long")
  func longPath() throws {
    let served = try served()
    let name = String(repeating: "n", count: 250)
    try served.client.done(.walk(0, 1))
    for _ in 0..<17 {
      try served.client.done(.makeDirectory(1, name))
      try served.client.done(.walk(1, 1, name))
    }
    #expect(try served.client.failure(.rename(1, to: 0, "short")) == ENAMETOOLONG)
    try served.client.done(.walk(1, 2))
    #expect(try served.client.failure(.remove(2)) == ENAMETOOLONG)
    try served.client.done(.status(1))
    // One directory above it isn't.
    try served.client.done(.walk(1, 3, "..", ".."))
    try served.client.done(.rename(3, to: 0, "short"))
    try served.client.done(.walk(0, 4, "short", name, name))
    try served.client.done(.remove(4))
  }

  @Test("a renamed file is still the fid's, and replaces what has the name")
  func renaming() throws {
    let served = try served()
    try served.client.done(.walk(0, 1, "file"))
    try served.client.done(.walk(0, 2, "d"))
    try served.client.done(.rename(1, to: 2, "new"))
    try served.client.done(.rename(1, to: 2, "inner"))
    #expect(served.text(of: "d/inner") == "file")
    #expect(try FileList.names(served.path("d")) == ["inner"])
    try served.client.done(.rename(2, to: 0, "e"))
    try served.client.done(.open(1))
    try served.client.done(.rename(1, to: 0, "top"))
    #expect(served.text(of: "top") == "file")
    try served.client.done(.walk(0, 3, "link"))
    try served.client.done(.rename(3, to: 2, "moved"))
    #expect(try FileList.names(served.path("e")) == ["moved"])
    #expect(try served.client.failure(.rename(3, to: 1, "x")) == ENOTDIR)
    #expect(try served.client.failure(.rename(2, to: 2, "x")) == EINVAL)
    #expect(try served.client.failure(.rename(0, to: 2, "x")) == EBUSY)
    for (one, other) in [(9, 0), (1, 9)] as [(UInt32, UInt32)] {
      #expect(try served.client.failure(.rename(one, to: other, "x")) == EBADF)
    }
  }

  @Test("requests about the fid that come at once are done in their order")
  func atOnce() throws {
    let served = try served()
    try served.client.done(.walk(0, 1, "file"))
    try served.client.done(.walk(0, 2, "d"))
    let messages: [NinePMessage] = [
      .rename(1, to: 2, "new"), .open(1, 2), .write(1, 0, [65]), .rename(1, to: 0, "last"), .remove(1), .status(1),
    ]
    for (tag, message) in messages.enumerated() { served.client.send(message.frame(tag: UInt16(tag))) }
    // The last may be answered before, since the fid has gone when its file is about to be removed.
    var failed: [UInt16] = []
    for _ in messages {
      let answer = try #require(served.client.receive())
      if answer.type == 7 { failed.append(answer.tag) }
    }
    #expect(failed == [UInt16(messages.count - 1)])
    #expect(try FileList.names(served.directory.path).sorted() == ["d", "fifo", "link", "other"])
  }

  @Test("where nothing may be changed nothing is")
  func readOnly() throws {
    let served = try served(readOnly: true)
    try served.client.done(.walk(0, 1, "file"))
    #expect(try served.client.failure(.rename(1, to: 0, "new")) == EROFS)
    #expect(try served.client.failure(.remove(1)) == EROFS)
    #expect(served.text(of: "file") == "file")
  }
}
