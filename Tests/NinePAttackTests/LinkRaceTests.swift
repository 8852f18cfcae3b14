import Glibc
import HelperHarness
import NinePHarness
import Testing

extension NinePAttackTests {
  /// A host, or another client, that changes what names stand for while they are walked and used.
  @Suite struct LinkRaceTests {
    private func prepared(_ way: Way) throws -> Share {
      try Share(way) { path in
        try makeDirectory(path + "/d")
        for name in ["d/x", "d/secret", "file"] { try makeFile(path + "/" + name) }
        try check(symlink(path + "/../outside", path + "/absolute"), "symlink")
        try check(symlink("../outside", path + "/relative"), "symlink")
        try check(symlink("../../outside/x", path + "/d/y"), "symlink")
      }
    }

    /// All that can be asked of what is in `d`, and of `d` itself.
    private static let round: [NinePMessage] = [
      .walk(0, 1, "d", "x"), .walk(0, 2, "d"), .walk(0, 3, "file"), .walk(0, 4, "d", "inner", "x"), .status(1),
      .walk(0, 5, "d", "link"), .readLink(5), .clunk(5), .walk(2, 5, "secret"), .open(5, 2), .read(5),
      .write(5, 0, [1]), .clunk(5), .walkAttribute(1, 6, "user.a"), .read(6), .clunk(6), .walkAttribute(1, 6, ""),
      .clunk(6), .change(1, 1, mode: 0o600), .change(1, 8), .change(1, 0x1b0, access: 7), .open(1, 0o1002), .read(1),
      .write(1, 0, [1]), .clunk(1), .walk(0, 5, "d"), .create(5, "made", 0o1102), .write(5, 0, [2]), .clunk(5),
      .walk(0, 5, "d"), .create(5, "x", 0o1002), .write(5, 0, [2]), .read(5), .clunk(5), .makeDirectory(2, "dir"),
      .symlink(2, "s", "t"), .makeNode(2, "p", mode: 0o10644), .link(2, 3, "hard"), .rename(2, "dir", 2, "gone"),
      .rename(2, "x", 0, "moved"), .rename(0, "moved", 2, "x"), .rename(2, "secret", 0, "moved"),
      .rename(0, "moved", 2, "secret"), .unlink(2, "gone", 0x200), .unlink(2, "s"), .unlink(2, "p"),
      .unlink(2, "hard"), .unlink(2, "made"), .unlink(2, "inner", 0x200), .unlink(2, "fifo"), .walk(2, 5, ".."),
      .status(5), .clunk(5), .walk(2, 5), .open(5, 0o200000), .list(5), .clunk(5), .walk(1, 5),
      .createAttribute(5, "user.a", 1), .write(5, 0, [1]), .clunk(5), .clunk(1), .clunk(2), .clunk(3), .clunk(4),
    ]

    @Test(arguments: Way.all + [.bare])
    func aLinkThatIsSwappedInLeadsNowhere(way: Way) throws {
      let share = try prepared(way)
      let client = try share.client()
      let path = share.path
      var leaks: [String] = []
      let (rounds, swaps) = try race(
        seconds: 0.6,
        against: {
          for link in ["/absolute", "/relative", "/d/y"] {
            let other = link == "/d/y" ? "/d/x" : "/d"
            exchange(path + other, path + link)
            exchange(path + other, path + link)
          }
        }
      ) { _ in
        leaks += try share.leaks(Self.round, client)
        return true
      }
      #expect(leaks.isEmpty, "\(leaks.count), such as \(leaks.first ?? "")")
      #expect(share.damage() == nil)
      #expect(rounds > 10 && swaps > 100, "\(rounds) against \(swaps)")
      #expect(share.isWell())
    }

    /// A server that works by paths would lose the same race: the test above can fail.
    @Test func aPathLeadsOutside() throws {
      let share = try prepared(.all[0])
      let path = share.path
      var found = false
      _ = try race(seconds: 10, against: { exchange(path + "/d", path + "/relative") }) { _ in
        var status = stat()
        let isDirectory = lstat(path + "/d", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        if isDirectory, let text = readFile(path + "/d/x") { found = Array(text.utf8) == Share.secret }
        return !found
      }
      #expect(found)
    }

    /// A directory that the host moves out of the export and back, while a client goes up from it.
    @Test(arguments: Way.all + [.bare])
    func aDirectoryThatIsMovedOutHasNothingAboveIt(way: Way) throws {
      let share = try Share(way) { path in
        for name in ["/a", "/a/b", "/a/b/c"] { try makeDirectory(path + name) }
        try makeFile(path + "/a/b/c/file")
      }
      let client = try share.client()
      for (fid, names) in [(1, ["a", "b"]), (2, ["a", "b", "c"]), (3, ["a", "b", "c", "file"])] {
        try client.done(.walk(0, UInt32(fid), names))
      }
      let (inside, away) = (share.path + "/a/b", share.elsewhere + "/b")
      try check(rename(inside, away), "rename")
      #expect(try client.failure(.walk(1, 9, "..")) == ENOENT)
      for walk in [["..", ".."], ["..", "..", "x"], ["..", "..", "..", "outside"], ["..", "..", "..", "..", "etc"]] {
        let answer = try client.call(.walk(2, 9, walk))
        #expect(answer.type == 7 || answer.body.u16(0) == 1, "\(walk)")
        #expect(!share.leaks(answer), "\(walk)")
      }
      #expect(try client.failure(.clunk(9)) == EBADF)
      try check(rename(away, inside), "rename")
      try client.done(.walk(2, 9, "..", "..", "..", ".."))
      try client.done(.clunk(9))

      var leaks: [String] = []
      let (rounds, moves) = try race(
        seconds: 0.5,
        against: {
          _ = rename(inside, away)
          _ = rename(away, inside)
        }
      ) { _ in
        leaks += try share.leaks(
          [
            .walk(2, 9, "..", "..", ".."), .status(9), .clunk(9), .walk(2, 9, ".."), .walk(9, 10, ".."), .status(10),
            .clunk(10), .clunk(9), .walk(1, 9, ".."), .walk(9, 10, "x"), .open(10), .read(10),
            .walk(9, 11, ".."), .status(11), .clunk(9), .clunk(10), .clunk(11), .walk(0, 9, "a", "b", "..", ".."),
            .clunk(9),
          ], client)
        return true
      }
      #expect(leaks.isEmpty, "\(leaks.count), such as \(leaks.first ?? "")")
      #expect(rounds > 10 && moves > 100, "\(rounds) against \(moves)")
      #expect(share.damage() == nil)
      #expect(share.isWell())
    }
  }
}
