import Glibc
import HelperHarness
import NinePHarness
import Testing

extension NinePAttackTests {
  /// Names that aren't one of a directory, and links that lead out.
  @Suite struct NameTests {
    private static let names: [(name: [UInt8], errno: CInt?)] = [
      (Array("..".utf8), nil), (Array(".".utf8), nil), ([], ENOENT), (Array("a/b".utf8), ENOENT),
      (Array("../outside/x".utf8), ENOENT), (Array("/etc".utf8), ENOENT), (Array("/".utf8), ENOENT),
      (Array("d/".utf8), ENOENT), (Array("d\0".utf8), EINVAL), (Array("..\0".utf8), EINVAL), ([0], EINVAL),
      (Array(repeating: UInt8(ascii: "n"), count: 256), ENAMETOOLONG),
      (Array(repeating: UInt8(ascii: "n"), count: 65_000), ENAMETOOLONG),
    ]

    /// Every message that has a name, with this one in its place, and what it says to `.` and `..`.
    private static func messages(_ name: [UInt8]) -> [(NinePMessage, dots: CInt)] {
      let (root, file): (NinePMessage.Field, NinePMessage.Field) = (.four(0), .four(1))
      return [
        (NinePMessage(14, .four(2), .text(name), .four(2), .four(0o644), .four(0)), EEXIST),
        (NinePMessage(16, root, .text(name), .text("t"), .four(0)), EEXIST),
        (NinePMessage(18, root, .text(name), .four(0o10644), .four(0), .four(0), .four(0)), EEXIST),
        (NinePMessage(20, file, root, .text(name)), EISDIR),
        (NinePMessage(70, root, file, .text(name)), EEXIST),
        (NinePMessage(72, root, .text(name), .four(0o755), .four(0)), EEXIST),
        (NinePMessage(74, root, .text(name), root, .text("new")), EISDIR),
        (NinePMessage(74, root, .text("file"), root, .text(name)), EISDIR),
        (NinePMessage(76, root, .text(name), .four(0)), name.count == 1 ? EINVAL : ENOTEMPTY),
        (NinePMessage(76, root, .text(name), .four(0x200)), name.count == 1 ? EINVAL : ENOTEMPTY),
      ]
    }

    @Test(arguments: Way.all + [.bare])
    func noNameLeadsAnywhere(way: Way) throws {
      let share = try Share(way) { path in
        try makeFile(path + "/file", [1])
        try makeDirectory(path + "/d")
      }
      let client = try share.client()
      try client.done(.walk(0, 1, "file"))
      try client.done(.walk(0, 2))
      let tree = Tree(share.path).lines
      for (name, errno) in Self.names {
        for (message, dots) in Self.messages(name) {
          #expect(try client.failure(message) == errno ?? dots, "\(message)")
        }
        // Wherever in a walk it is.
        for at in 0..<3 where errno != nil {
          let steps = (0..<3).map { NinePMessage.Field.text($0 == at ? name : Array(".".utf8)) }
          var walk = NinePMessage(110, .four(0), .four(9), .two(3))
          for step in steps { walk.body += step.bytes }
          #expect(try client.failure(walk) == errno, "\(walk)")
        }
      }
      for name in [Array("user.\0a".utf8), Array(repeating: 110, count: 256)] {
        for message in [
          NinePMessage(30, .four(1), .four(9), .text(name)),
          NinePMessage(32, .four(1), .text(name), .eight(1), .four(0)),
        ] { #expect(try client.failure(message) == (name.count == 256 ? ERANGE : EINVAL), "\(message)") }
      }
      #expect(try client.failure(.clunk(9)) == EBADF)
      #expect(Tree(share.path).lines == tree)
      #expect(share.damage() == nil)
      #expect(share.isWell() && share.ends())
    }

    @Test(arguments: Way.all + [.bare])
    func walksUpwardsEndAtTheRoot(way: Way) throws {
      let share = try Share(way) { path in
        for name in ["/a", "/a/b"] { try makeDirectory(path + name) }
      }
      let client = try share.client()
      let root = try client.done(.status(0)).u64(13)
      let up = Array(repeating: "..", count: 16)
      for walk in [up, ["a"] + up.dropLast(), ["a", "b"] + up.dropLast(2), ["a", "..", ".."], ["..", ".", ".."]] {
        try client.done(.walk(0, 5, walk))
        #expect(try client.done(.status(5)).u64(13) == root)
        try client.done(.open(5))
        let entries = try client.done(.list(5)).entries
        #expect(Set(entries.map(\.name)) == [".", "..", "a"])
        #expect(entries.filter { $0.name == ".." }.map(\.path) == [root])
        try client.done(.clunk(5))
      }
      // What is beside the export has no name in it.
      for name in ["outside", "run", "etc"] {
        let answer = try client.call(.walk(0, 5, "..", name))
        #expect(answer.type == 111 && answer.body.u16(0) == 1)
        #expect(try client.failure(.clunk(5)) == EBADF)
      }
      // The root's own attributes are the export's, not the host's.
      var (host, after) = (stat(), stat())
      lstat("/", &host)
      #expect(try client.failure(.change(0, 1, mode: 0o40775)) == 0)
      lstat("/", &after)
      #expect(try host.st_mode == after.st_mode && share.status(".").st_mode & 0o777 == 0o775)
      #expect(share.damage() == nil)
    }

    @Test(arguments: Way.all + [.bare])
    func linksAreNeverFollowed(way: Way) throws {
      let share = try Share(way) { path in
        for (name, target) in [("up", "../outside"), ("root", "/"), ("x", "../outside/x")] {
          try check(symlink(target, path + "/" + name), "symlink")
        }
        try check(symlink(path + "/../outside", path + "/absolute"), "symlink")
        try check(symlink("/proc/self/root", path + "/magic"), "symlink")
      }
      let client = try share.client()
      var answers: [Answer] = []
      for link in ["up", "absolute", "root", "magic", "x"] {
        for rest in [["x"], [".."], ["."], ["inner", "x"], ["..", "outside", "x"]] {
          let answer = try client.call(.walk(0, 9, [link] + rest))
          #expect(answer.type == 111 && answer.body.u16(0) == 1, "\(link) \(rest)")
          answers.append(answer)
        }
        try client.done(.walk(0, 1, link))
        for flags: UInt32 in [0, 1, 2, 0o1001, 0o200000, 0o2001] {
          #expect(try client.failure(.open(1, flags)) == ELOOP, "\(flags)")
        }
        #expect(try client.failure(.change(1, 1, mode: 0o777)) == EOPNOTSUPP)
        #expect(try client.failure(.change(1, 8)) != 0)
        for message: NinePMessage in [
          .change(1, 0x1b0, access: 5), .walkAttribute(1, 2, "user.a"), .walkAttribute(1, 3, ""), .clunk(2), .clunk(3),
          .fileSystem(1), .status(1), .readLink(1), .makeDirectory(1, "made"), .create(1, "made"), .unlink(1, "x"),
          .rename(1, "x", 0, "moved"), .rename(0, "x", 1, "moved"), .symlink(1, "s", "t"), .makeNode(1, "n", mode: 0),
          .link(1, 1, "hard"), .createAttribute(1, "user.a", 1), .write(1, 0, [1]), .clunk(1), .list(1), .read(1),
        ] { answers.append(try client.call(message)) }
        // Over one, with and without O_EXCL, with and without O_TRUNC.
        for flags: UInt32 in [2, 0o202, 0o1002] {
          try client.done(.walk(0, 4))
          #expect(try client.failure(.create(4, link, flags)) == (flags == 0o202 ? EEXIST : ELOOP))
          try client.done(.clunk(4))
        }
        // Another name of a link is the link.
        try client.done(.walk(0, 1, link))
        #expect(try client.failure(.link(0, 1, "hard")) == 0)
        #expect(try share.status("hard").st_mode & S_IFMT == S_IFLNK)
        try client.done(.unlink(0, "hard"))
        try client.done(.clunk(1))
      }
      #expect(answers.filter { share.leaks($0) }.isEmpty)
      #expect(share.damage() == nil)
    }

    /// Links that aren't paths: the kernel goes straight to what they stand for.
    @Test func linksOfProcessesAreNeverFollowed() throws {
      let share = try Share(.bare)
      let (log, socket) = (try Output(), share.directory.path + "/run/processes")
      let server = try Way.bare.start(
        ["9p", "--export", "/proc", "--listen", "unix:" + socket] + Way.bare.options, output: log)
      #expect(eventually { log.text.contains("mount -t 9p") })
      let client = Client(try connected(socket))
      try client.start()
      let own = "\(getpid())"
      for (names, rest) in [
        ([own, "root"], "etc"), ([own, "cwd"], "."), ([own, "fd", "0"], "x"), ([own, "exe"], "x"),
      ] {
        let answer = try client.call(.walk(0, 1, names + [rest]))
        #expect(answer.type == 111 && answer.body.u16(0) == UInt16(names.count), "\(names)")
        try client.done(.walk(0, 1, names))
        #expect(try client.failure(.open(1)) == ELOOP, "\(names)")
        try client.done(.clunk(1))
      }
      server.signal(SIGTERM)
      #expect(server.wait(seconds: 5) == 0, "\(log.text)")
    }

    /// The host puts something else where the export was: what is served stays what it was.
    @Test(arguments: Way.all + [.bare])
    func anExportThatIsReplacedIsStillTheOldOne(way: Way) throws {
      let share = try Share(way) { path in try makeFile(path + "/file") }
      let root = try share.status(".").st_ino
      let moved = share.elsewhere + "/moved"
      try check(rename(share.path, moved), "rename")
      defer { rename(moved, share.path) }
      for target in [share.outside, "/", "fifo"] {
        if target == "fifo" {
          try check(mkfifo(share.path, 0o666), "mkfifo")
        } else {
          try check(symlink(target, share.path), "symlink")
        }
        let client = try share.client()
        #expect(try client.done(.status(0)).u64(13) == UInt64(root))
        for message: NinePMessage in [
          .walk(0, 1, ".."), .status(1), .clunk(1), .walk(0, 1, "..", "x"), .walk(0, 2, "x"),
        ] {
          #expect(try !share.leaks(client.call(message)), "\(message)")
        }
        try client.done(.walk(0, 3, "file"))
        unlink(share.path)
      }
    }
  }
}
