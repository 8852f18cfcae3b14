import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

extension NinePAttackTests {
  /// What fids stand for, whatever is asked of them and becomes of their names.
  @Suite struct FidTests {
    /// Every message on this fid, with fields that would do if it were of the right kind.
    private static func messages(_ fid: UInt32) -> [NinePMessage] {
      [
        .fileSystem(fid), .open(fid, 1), .create(fid, "c"), .symlink(fid, "s", "t"), .makeNode(fid, "n", mode: 0),
        NinePMessage(20, .four(fid), .four(0), .text("r")), .readLink(fid), .status(fid), .change(fid, 0x47, uid: .max),
        .change(fid, 8), .change(fid, 0x30), .walkAttribute(fid, 90, ""), .walkAttribute(fid, 91, "user.a"),
        .createAttribute(fid, "user.b", 1), .list(fid), .list(fid, 0, .max), .synchronize(fid), .lock(fid, 1),
        .getLock(fid, 0), .link(fid, 80, "l"), .link(0, fid, "h"), .makeDirectory(fid, "m"),
        .rename(fid, "a", fid, "b"), .rename(0, "none", fid, "b"), .rename(fid, "x", 0, "b"), .unlink(fid, "u"),
        .unlink(fid, "u", 0x200), .rename(fid, to: 0, "r"), .rename(80, to: fid, "r"),
        NinePMessage(102, .four(fid), .text(""), .text(""), .four(0)), .attach(fid),
        .walk(fid, 92), .walk(fid, fid), .walk(fid, 93, ".."), .walk(fid, 94, "x"), .walk(fid, fid, "x"), .read(fid),
        .read(fid, 1 << 63, .max), .write(fid, 0, [1]), .write(fid, .max, [1]),
        .lock(fid, 2, .max, .max), .clunk(fid), .remove(fid),
      ]
    }

    private static let legal: Set<CInt> = [
      0, EPERM, ENOENT, ENXIO, EBADF, EACCES, EEXIST, EXDEV, ENOTDIR, EISDIR, EINVAL, EFBIG, ENOSPC, ENOTEMPTY, ELOOP,
      ENODATA, EOPNOTSUPP, EOVERFLOW,
    ]
    /// Messages that need a file, and those that read or write an attribute's value.
    private static let ofValues: Set<UInt8> = [104, 102, 116, 118, 120, 122]

    /// How to make a fid 1 that is in each state, in a directory that is fid 0.
    private static let states: [(String, [NinePMessage])] = [
      ("file", [.walk(0, 1, "file")]), ("directory", [.walk(0, 1, "d")]), ("link", [.walk(0, 1, "link")]),
      ("open file", [.walk(0, 1, "file"), .open(1, 2)]), ("open directory", [.walk(0, 1, "d"), .open(1)]),
      ("value", [.walkAttribute(80, 1, "user.a")]), ("names", [.walkAttribute(80, 1, "")]),
      ("new value", [.walk(0, 1, "file"), .createAttribute(1, "user.b", 4)]), ("unused", []),
      ("removed file", [.walk(0, 1, "gone"), .open(1, 2), .unlink(0, "gone")]),
      ("removed directory", [.walk(0, 1, "e"), .unlink(0, "e", 0x200)]),
      ("removed link", [.walk(0, 1, "link"), .unlink(0, "link")]), ("moved directory", [.walk(0, 1, "away")]),
      ("fifo", [.walk(0, 1, "fifo")]),
    ]

    /// A directory with something in each state's reach, the clients' own.
    private func arrange(_ path: String, _ owner: uid_t) throws {
      for name in ["", "/d", "/e", "/away"] { try makeDirectory(path + name) }
      for name in ["/file", "/gone", "/d/x", "/away/x"] { try makeFile(path + name, Array("text".utf8)) }
      try check(symlink("/etc", path + "/link"), "symlink")
      try check(mkfifo(path + "/fifo", 0o666), "mkfifo")
      try check(setxattr(path + "/file", "user.a", "value", 5, 0), "setxattr")
      guard geteuid() == 0 else { return }
      for name in try FileList.names(path) + [""] { try check(lchown(path + "/" + name, owner, owner), "chown") }
    }

    @Test(arguments: Way.all)
    func everyMessageIsAnsweredOnEveryFid(way: Way) throws {
      let share = try Share(way, in: "/dev/shm")
      for (state, steps) in Self.states {
        for index in Self.messages(1).indices {
          let name = "\(state)-\(index)"
          try arrange(share.path + "/" + name, way.owner)
          let client = try share.client()
          try client.done(.walk(0, 0, name))
          try client.done(.walk(0, 80, "file"))
          for step in steps { try client.done(step) }
          if state == "moved directory" {
            try check(rename(share.path + "/\(name)/away", share.elsewhere + "/\(name)"), "rename")
          }
          let message = Self.messages(1)[index]
          let answer = try client.call(message)
          #expect(!share.leaks(answer), "\(message) on \(state)")
          let errno = answer.type == 7 ? CInt(answer.body.u32(0) ?? 0) : 0
          #expect(Self.legal.contains(errno), "\(message) on \(state): \(errno)")
          if state.contains("value") || state == "names", !Self.ofValues.contains(message.type) {
            #expect([EBADF, EINVAL, EOPNOTSUPP].contains(errno), "\(message) on \(state): \(errno)")
          }
          if state == "unused", message.type != 102, message.type != 104 {
            #expect([EBADF, EOPNOTSUPP].contains(errno), "\(message): \(errno)")
          }
          // It is as well as ever.
          #expect(try client.failure(.status(0)) == 0)
        }
      }
      #expect(share.damage() == nil)
      #expect(share.isWell() && share.ends())
    }

    @Test(arguments: Way.all)
    func numbersInUseAreNotTakenOver(way: Way) throws {
      let share = try Share(way) { path in
        try makeFile(path + "/file", [1])
        try makeFile(path + "/other", [2])
      }
      let client = try share.client()
      try client.done(.walk(0, 1, "file"))
      let file = try client.done(.status(1)).u64(13)
      for message: NinePMessage in [
        .walk(0, 1, "other"), .walk(0, 1), .attach(1), .walkAttribute(0, 1, ""), .attach(.max), .walk(0, .max, "file"),
      ] { #expect(try client.failure(message) == EBADF, "\(message)") }
      #expect(try client.done(.status(1)).u64(13) == file)
      // The same tag again and again: each is answered once, in turn.
      for _ in 0..<50 {
        client.send(NinePMessage.status(1).frame(tag: 7))
        client.send(NinePMessage.clunk(77).frame(tag: 7))
        client.send(NinePMessage.flush(7).frame(tag: 7))
      }
      for _ in 0..<50 {
        #expect([client.receive()?.type, client.receive()?.type, client.receive()?.type] == [25, 7, 109])
      }
      // Starting over: nothing of what was before is there, nor is it done late.
      try client.done(.walk(1, 2))
      try client.done(.createAttribute(2, "user.late", 1))
      try client.done(.write(2, 0, [1]))
      for tag in 0..<128 { client.send(NinePMessage.status(1).frame(tag: UInt16(tag))) }
      client.send(NinePMessage.version(65_536, "9P2000.L").frame(tag: .max))
      for tag in 0..<128 { #expect(client.receive()?.tag == UInt16(tag)) }
      #expect(client.receive()?.type == 101)
      for fid: UInt32 in [0, 1, 2] { #expect(try client.failure(.clunk(fid)) == EBADF) }
      #expect(getxattr(share.path + "/file", "user.late", nil, 0) == -1)
      #expect(share.isWell())
    }

    /// A fid is an object, not a path.
    @Test(arguments: Way.all + [.bare])
    func fidsSurviveWhatBecomesOfNames(way: Way) throws {
      let share = try Share(way) { path in
        for name in ["/a", "/ab", "/a/x", "/a/x/y"] { try makeDirectory(path + name) }
        for name in ["/a/file", "/ab/file", "/a/x/y/file"] { try makeFile(path + name, Array(name.utf8)) }
      }
      let client = try share.client()
      let names = [
        ["a"], ["ab"], ["a", "x"], ["a", "x", "y"], ["a", "file"], ["ab", "file"], ["a", "x", "y", "file"],
      ]
      for (index, names) in names.enumerated() { try client.done(.walk(0, UInt32(index + 1), names)) }
      func inodes() throws -> [UInt64?] { try (1...7).map { try client.done(.status($0)).u64(13) } }
      let before = try inodes()
      // Directories can't be put into themselves.
      for (from, old, to, new): (UInt32, String, UInt32, String) in [
        (0, "a", 1, "in"), (0, "a", 3, "in"), (0, "a", 4, "in"), (1, "x", 4, "in"),
      ] { #expect(try client.failure(.rename(from, old, to, new)) == EINVAL) }
      // Nor take the place of one that they are in.
      #expect(try client.failure(.rename(4, "file", 0, "a")) == ENOTEMPTY)
      #expect(try client.failure(.rename(3, "y", 0, "a")) == ENOTEMPTY)
      for _ in 0..<50 {
        for (from, old, to, new): (UInt32, String, UInt32, String) in [
          (0, "a", 0, "b"), (0, "ab", 0, "a"), (0, "b", 2, "b"), (2, "b", 0, "ab"),
          // And back.
          (0, "ab", 0, "c"), (0, "a", 0, "ab"), (0, "c", 0, "a"),
        ] {
          try client.done(.rename(from, old, to, new))
          #expect(try inodes() == before)
        }
      }
      for (fid, text): (UInt32, String) in [(5, "/a/file"), (6, "/ab/file"), (7, "/a/x/y/file")] {
        try client.done(.walk(fid, 9))
        try client.done(.open(9, 2))
        #expect(try client.done(.read(9)).data == Array(text.utf8))
        try client.done(.clunk(9))
      }
      // Removed, and a link in its place: what the fid stands for has no names any more.
      try client.done(.unlink(4, "file"))
      try client.done(.unlink(3, "y", 0x200))
      try check(symlink(share.outside, share.path + "/a/x/y"), "symlink")
      for message: NinePMessage in [
        .walk(4, 9, "x"), .create(4, "made"), .makeDirectory(4, "made"), .symlink(4, "made", "t"), .link(4, 5, "made"),
        .rename(1, "file", 4, "made"), .rename(4, "x", 0, "made"), .unlink(4, "x"), .makeNode(4, "made", mode: 0o10644),
      ] { #expect(try client.failure(message) == ENOENT, "\(message)") }
      #expect(try client.failure(.link(0, 7, "again")) == ENOENT)
      #expect(try inodes() == before)
      try client.done(.open(7, 2))
      try client.done(.write(7, 0, [7]))
      #expect(share.damage() == nil)
      #expect(share.isWell())
    }

    /// Pipelined requests on one fid that becomes something else meanwhile: it is the directory or the new file.
    @Test(arguments: Way.all)
    func aFidThatBecomesAnotherIsOneOfTheTwo(way: Way) throws {
      let share = try Share(way) { path in try makeDirectory(path + "/d") }
      let (client, other) = (try share.client(), try share.client())
      let directory = try share.status("d").st_ino
      var round = 0
      _ = try race(
        seconds: 0.5,
        against: {
          _ = try? other.call(.rename(0, "d", 0, "e"))
          _ = try? other.call(.rename(0, "e", 0, "d"))
        }
      ) { _ in
        round += 1
        guard try client.failure(.walk(0, 1, "d")) == 0 else { return true }
        var messages: [NinePMessage] = [.create(1, "f", 0o1102)]
        for fid: UInt32 in 10..<14 {
          messages += [.walk(1, fid), .walkAttribute(1, fid + 10, ""), .status(1), .status(fid)]
        }
        messages += [.walk(1, 1), .rename(0, "d", 0, "d2"), .rename(0, "d2", 0, "d"), .clunk(1)]
        for fid: UInt32 in 10..<14 { messages += [.clunk(fid), .clunk(fid + 10)] }
        client.send(messages.indices.flatMap { messages[$0].frame(tag: UInt16($0)) })
        // In any order.
        for _ in messages {
          let answer = try #require(client.receive())
          let message = messages[Int(answer.tag)]
          #expect(answer.type == 7 || answer.type == message.type + 1, "\(message)")
          if answer.type == 25, answer.body.u64(13) == UInt64(directory) {
            Issue.record("the directory, after the file was made")
          }
        }
        return true
      }
      #expect(round > 20)
      #expect(share.isWell())
    }
  }
}
