import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

/// Where names lead, and where they don't.
@Suite("Walks", .everyTransport)
struct WalkTests {
  /// Inode number of a path, which a qid's path is on the root's device.
  private func inode(_ path: String) -> UInt64 {
    var status = stat()
    return lstat(path, &status) == 0 ? UInt64(status.st_ino) : 0
  }

  @Test(".. of the root is the root, however often and after whatever names")
  func aboveTheRoot() throws {
    let served = try Served()
    try served.client.start()
    try served.client.done(.makeDirectory(0, "a"))
    let root = inode(served.directory.path)
    for names in [Array(repeating: "..", count: 16), ["a", "..", ".."], [".", "..", "a", "..", "..", "."]] {
      let body = try served.client.done(.walk(0, 1, names))
      #expect(body.u16(0) == UInt16(names.count))
      #expect(body.u64(2 + 13 * names.count - 8) == root, "\(names)")
      let status = try served.client.done(.status(1))
      #expect(status.u64(8 + 5) == root)
      try served.client.done(.clunk(1))
    }
    let body = try served.client.done(.walk(0, 1, "a", ".."))
    #expect(body.u64(2 + 13 + 5) == root)
  }

  @Test("a directory that was moved out of the export doesn't lead to where it is now")
  func movedOut() throws {
    let served = try Served()
    let outside = try TemporaryDirectory()
    try served.client.start()
    try served.client.done(.makeDirectory(0, "a"))
    try served.client.done(.walk(0, 1, "a"))
    try served.client.done(.makeDirectory(1, "b"))
    try served.client.done(.walk(1, 2, "b"))
    #expect(rename(served.path("a"), outside.path + "/a") == 0)
    #expect(try served.client.failure(.walk(1, 3, "..")) == ENOENT)
    #expect(try served.client.failure(.walk(2, 3, "..")) == ENOENT)
    let body = try served.client.done(.walk(2, 3, ".", "..", ".."))
    #expect(body.u16(0) == 1)
    // It came back in.
    #expect(rename(outside.path + "/a", served.path("a")) == 0)
    try served.client.done(.walk(2, 3, "..", ".."))
  }

  @Test(
    "what isn't a name is refused, whatever it is for",
    arguments: [
      ("a/b", ENOENT), ("/etc", ENOENT), ("", ENOENT), ("a\0b", EINVAL), ("../x", ENOENT),
      (String(repeating: "n", count: 256), ENAMETOOLONG), (".", 0), ("..", 0),
    ] as [(String, CInt)])
  func names(name: String, code: CInt) throws {
    let served = try Served()
    let outside = try TemporaryDirectory()
    try served.client.start()
    served.write("", to: "file")
    try served.client.done(.walk(0, 1, "file"))
    let dots = code == 0
    let calls: [(NinePMessage, CInt)] = [
      (.create(0, name), dots ? EEXIST : code), (.symlink(0, name, "t"), dots ? EEXIST : code),
      (.makeNode(0, name, mode: 0o10644), dots ? EEXIST : code), (.makeDirectory(0, name), dots ? EEXIST : code),
      (.link(0, 1, name), dots ? EEXIST : code), (.rename(0, name, 0, "new"), dots ? EISDIR : code),
      (.rename(0, "file", 0, name), dots ? EISDIR : code),
      (.unlink(0, name), name == "." ? EINVAL : dots ? ENOTEMPTY : code),
      (.unlink(0, name, 0x200), name == "." ? EINVAL : dots ? ENOTEMPTY : code), (.walk(0, 5, name), code),
    ]
    for (message, code) in calls { #expect(try served.client.failure(message) == code, "\(message)") }
    #expect(try FileList.names(served.directory.path) == ["file"])
    #expect(try FileList.names(outside.path) == [])
  }

  @Test("links are found, and never followed")
  func links() throws {
    let served = try Served()
    let outside = try TemporaryDirectory()
    close(open(outside.path + "/secret", O_CREAT | O_WRONLY, 0o600))
    symlink(outside.path, served.path("link"))
    symlink(outside.path + "/secret", served.path("file-link"))
    symlink("/proc/self/root", served.path("magic"))
    try served.client.start()
    for name in ["link", "file-link", "magic"] {
      let body = try served.client.done(.walk(0, 1, name))
      #expect(body.all[2] == 0x02)
      #expect(try served.client.failure(.open(1)) == ELOOP)
      #expect(try served.client.failure(.walk(1, 2, "secret")) == ENOTDIR)
      #expect(try served.client.failure(.change(1, 1, mode: 0o777)) == EOPNOTSUPP)
      #expect(try served.client.failure(.change(1, 8, size: 0)) != 0)
      #expect(try served.client.failure(.create(0, name, 0o1102)) == ELOOP)
      try served.client.done(.clunk(1))
      let partly = try served.client.done(.walk(0, 1, name, "secret"))
      #expect(partly.u16(0) == 1)
      #expect(try served.client.failure(.status(1)) == EBADF)
    }
    var status = stat()
    #expect(lstat(outside.path + "/secret", &status) == 0 && status.st_mode & 0o777 == 0o600)
  }

  @Test("a walk that fails on its way binds nothing, and leaves the fid where it was")
  func partial() throws {
    let served = try Served()
    try served.client.start()
    try served.client.done(.makeDirectory(0, "a"))
    try served.client.done(.walk(0, 1))
    #expect(try served.client.failure(.walk(1, 1, "nothing")) == ENOENT)
    for target: UInt32 in [1, 2] {
      let body = try served.client.done(.walk(1, target, "a", "nothing", "more"))
      #expect(body.u16(0) == 1)
    }
    #expect(try served.client.failure(.status(2)) == EBADF)
    #expect(try served.client.done(.status(1)).u64(13) == inode(served.directory.path))
    try served.client.done(.walk(1, 1, "a"))
    #expect(try served.client.done(.status(1)).u64(13) == inode(served.path("a")))
    // Seventeen names are one too many.
    #expect(try served.client.failure(.walk(0, 3, Array(repeating: ".", count: 17))) == EINVAL)
  }

  @Test("fids in use and not in use")
  func fids() throws {
    let served = try Served(fids: 10)
    try served.client.start()
    try served.client.done(.makeDirectory(0, "a"))
    try served.client.done(.walk(0, 1, "a"))
    #expect(try served.client.failure(.walk(0, 1, "a")) == EBADF)
    #expect(try served.client.failure(.attach(1)) == EBADF)
    #expect(try served.client.failure(.walk(0, .max, "a")) == EBADF)
    #expect(try served.client.failure(.walk(77, 2)) == EBADF)
    #expect(try served.client.done(.status(1)).u64(13) == inode(served.path("a")))
    for fid: UInt32 in 2..<9 { try served.client.done(.walk(0, fid)) }
    try served.client.done(.walk(0, 9, "a"))
    #expect(try served.client.failure(.walk(0, 10)) == EMFILE)
    #expect(try served.client.failure(.attach(10)) == EMFILE)
    #expect(try served.client.failure(.walkAttribute(0, 10, "")) == EMFILE)
    try served.client.done(.clunk(5))
    #expect(try served.client.failure(.clunk(5)) == EBADF)
    try served.client.done(.walk(0, 10))
    // What was taken out of the middle leaves the others what they were.
    #expect(try served.client.done(.status(1)).u64(13) == inode(served.path("a")))
    #expect(try served.client.done(.status(9)).u64(13) == inode(served.path("a")))
    #expect(try served.client.done(.status(10)).u64(13) == inode(served.directory.path))
    try served.client.done(.remove(1))
    #expect(try served.client.failure(.status(1)) == EBADF)
  }

  @Test("a fid stays what it was: through renames, replacement by a link, and removal")
  func objects() throws {
    let served = try Served()
    let outside = try TemporaryDirectory()
    try served.client.start()
    try served.client.done(.makeDirectory(0, "d"))
    try served.client.done(.walk(0, 1, "d"))
    try served.client.done(.makeDirectory(1, "e"))
    try served.client.done(.walk(1, 2, "e"))
    try served.client.done(.rename(0, "d", 0, "moved"))
    try served.client.done(.makeDirectory(2, "f"))
    #expect(access(served.path("moved/e/f"), F_OK) == 0)
    try served.client.done(.unlink(2, "f", 0x200))
    try served.client.done(.unlink(1, "e", 0x200))
    symlink(outside.path, served.path("moved/e"))
    // The directory has gone; what has its name now is none of the fid's business.
    #expect(try served.client.failure(.makeDirectory(2, "x")) == ENOENT)
    #expect(try served.client.failure(.walk(2, 3, "x")) == ENOENT)
    #expect(try served.client.failure(.create(2, "x")) == ENOENT)
    try served.client.done(.status(2))
    try served.client.done(.walk(2, 3))
    #expect(try FileList.names(outside.path) == [])
  }
}
