import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

extension NinePAttackTests {
  /// As whom things are done, and what becomes of bits that give rights.
  @Suite struct IdentityTests {
    private static func makes(_ gid: UInt32) -> [NinePMessage] {
      [
        NinePMessage(14, .four(1), .text("created"), .four(2), .four(0o666), .four(gid)),
        NinePMessage(16, .four(0), .text("link"), .text("t"), .four(gid)),
        NinePMessage(18, .four(0), .text("node"), .four(0o10666), .four(0), .four(0), .four(gid)),
        NinePMessage(72, .four(0), .text("directory"), .four(0o777), .four(gid)),
      ]
    }

    @Test(arguments: Way.all)
    func minusOneIsNobody(way: Way) throws {
      let share = try Share(way)
      let client = try share.client(acting: .max)
      for gid: UInt32 in [.max, 2000] {
        for message in Self.makes(gid) {
          try client.done(.walk(0, 1))
          let errno = try client.failure(message)
          #expect(errno == (gid == .max && way.squash == nil ? EINVAL : 0), "\(message)")
          try client.done(.clunk(1))
        }
        for name in try FileList.names(share.path) {
          let status = try share.status(name)
          #expect(status.st_uid == way.user(65_534), "\(name)")
          #expect(status.st_gid == way.group(2000), "\(name)")
          try client.done(.unlink(0, name, name == "directory" ? 0x200 : 0))
        }
      }
      // To give something to -1 is to leave it.
      try client.done(.makeDirectory(0, "directory"))
      let before = try share.status("directory")
      try client.done(.walk(0, 1, "directory"))
      try client.done(.change(1, 6, uid: .max, gid: .max))
      #expect(try share.status("directory").st_uid == before.st_uid)
      #expect(try share.status("directory").st_gid == before.st_gid)
      #expect(share.isWell())
    }

    /// Users of the host that anybody may be at the socket: whatever they say, they are themselves.
    @Test(.enabled(if: hasRoot(), needsRoot), arguments: [Way.root, .split])
    func anotherUserIsItself(way: Way) throws {
      let share = try Share(way, ["--socket-mode", "666"]) { path in
        try makeDirectory(path + "/d")
        try makeFile(path + "/of-root", Share.secret, mode: 0o600)
        try makeFile(path + "/set-id", [1], mode: 0o4755)
        try check(chmod(path, 0o755), "chmod")
      }
      for claimed: UInt32 in [0, .max, 1, 65_534] {
        let client = try share.client(as: 1000, acting: claimed)
        for message in Self.makes(0) {
          try client.done(.walk(0, 1, "d"))
          var message = message
          // In the directory that everybody may change.
          message.body[0] = 1
          try client.done(message)
          try client.done(.clunk(1))
        }
        for name in try FileList.names(share.path + "/d") {
          let status = try share.status("d/" + name)
          #expect(status.st_uid == 1000 && status.st_gid == 1000, "\(name) as \(claimed)")
          unlink(share.path + "/d/" + name)
          rmdir(share.path + "/d/" + name)
        }
        try client.done(.walk(0, 1, "of-root"))
        try client.done(.walk(0, 2, "set-id"))
        for message: NinePMessage in [
          .open(1), .open(1, 2), .change(1, 1, mode: 0o777), .change(1, 2, uid: 1000), .change(1, 8),
          .walkAttribute(1, 3, "user.a"), .open(2, 2), .change(2, 4, gid: 1000), .change(2, 1, mode: 0o6777),
          .change(0, 1, mode: 0o777), .unlink(0, "of-root"), .rename(0, "set-id", 0, "mine"), .makeDirectory(0, "x"),
          NinePMessage(18, .four(0), .text("n"), .four(0o20666), .four(1), .four(3), .four(0)),
        ] {
          let errno = try client.failure(message)
          #expect([EACCES, EPERM].contains(errno), "\(message) as \(claimed): \(errno)")
        }
      }
      // Root is believed.
      try share.client(acting: 77).done(.makeDirectory(0, "of-77"))
      #expect(try share.status("of-77").st_uid == 77)
    }

    /// Set-id bits don't outlive a change of what they give rights to.
    @Test(arguments: Way.all + [.bare])
    func setIDBitsGoWithTheContents(way: Way) throws {
      let share = try Share(way)
      // Not root's where there are others.
      let client = try share.client(acting: 1234)
      let changes: [[NinePMessage]] = [
        [.walk(0, 1, "f"), .open(1, 1), .write(1, 0, [1])], [.walk(0, 1, "f"), .change(1, 8)],
        [.walk(0, 1, "f"), .open(1, 1), .change(1, 8, size: 1)], [.walk(0, 1, "f"), .open(1, 0o1001)],
        [.walk(0, 1), .create(1, "f", 0o1002)], [.walk(0, 1), .create(1, "f", 2), .write(1, 0, [2])],
        [.walk(0, 1, "f"), .open(1, 0o2001), .write(1, 9, [1])], [.walk(0, 1, "f"), .change(1, 0x68, size: 100)],
      ]
      for change in changes {
        try makeFile(share.path + "/f", Array("text".utf8))
        if hasRoot() { try check(chown(share.path + "/f", way.owner, way.owner), "chown") }
        try check(chmod(share.path + "/f", 0o6777), "chmod")
        for message in change { try client.done(message) }
        let mode = try share.status("f").st_mode
        #expect(mode & 0o7777 == 0o777, "\(change.last?.description ?? ""): 0\(String(mode, radix: 8))")
        try client.done(.clunk(1))
        try client.done(.unlink(0, "f"))
      }
      #expect(share.isWell())
    }

    /// A group's directory: what is made there is the group's, and no program of a group that its maker isn't in.
    @Test(.enabled(if: hasRoot(), needsRoot), arguments: Way.all)
    func aGroupsDirectoryGivesNoRights(way: Way) throws {
      let share = try Share(way)
      let path = share.path + "/d"
      try makeDirectory(path)
      try check(chown(path, way.owner, 3000), "chown")
      try check(chmod(path, 0o2777), "chmod")
      let client = try share.client(acting: 1234)
      try client.done(.walk(0, 1, "d"))
      try client.done(NinePMessage(14, .four(1), .text("f"), .four(2), .four(0o2755), .four(1234)))
      try client.done(.walk(0, 2, "d"))
      try client.done(NinePMessage(18, .four(2), .text("n"), .four(0o102755), .four(0), .four(0), .four(1234)))
      try client.done(NinePMessage(72, .four(2), .text("sub"), .four(0o755), .four(1234)))
      for name in ["f", "n", "sub"] {
        let status = try share.status("d/" + name)
        #expect(status.st_uid == way.user(1234), "\(name)")
        #expect(status.st_gid == 3000, "\(name)")
        // As the kernel has it for a local user.
        let setGroup: mode_t = name == "sub" ? 0o2000 : 0
        #expect(status.st_mode & 0o6000 == setGroup, "\(name): 0\(String(status.st_mode, radix: 8))")
      }
      #expect(share.isWell())
    }

    /// The client's kernel has taken its user's umask away; the server's own counts for nothing.
    @Test(arguments: Way.all)
    func noUmaskCounts(way: Way) throws {
      let old = umask(0o77)
      defer { umask(old) }
      let share = try Share(way)
      let client = try share.client(acting: 1234)
      for message in Self.makes(1234) {
        try client.done(.walk(0, 1))
        try client.done(message)
        try client.done(.clunk(1))
      }
      #expect(try share.status("created").st_mode & 0o7777 == 0o666)
      #expect(try share.status("node").st_mode & 0o7777 == 0o666)
      #expect(try share.status("directory").st_mode & 0o7777 == 0o777)
    }

    /// What `utimensat` takes for "now" and "leave it".
    @Test(arguments: Way.all)
    func timesThatMeanSomethingElseAreRefused(way: Way) throws {
      let share = try Share(way) { path in try makeFile(path + "/f") }
      let client = try share.client()
      try client.done(.walk(0, 1, "f"))
      try client.done(.change(1, 0x1b0, access: 1_000_000, accessNanoseconds: 999_999_999))
      let before = try share.status("f")
      for nanoseconds: UInt64 in [
        1_000_000_000, 0x3fff_ffff, 0x3fff_fffe, 1 << 32, 1 << 32 | 0x3fff_ffff, 1 << 63, .max,
      ] {
        for valid: UInt32 in [0x90, 0x1b0, 0xd0] {
          #expect(
            try client.failure(.change(1, valid, access: 5, accessNanoseconds: nanoseconds)) == EINVAL, "\(nanoseconds)"
          )
        }
      }
      let after = try share.status("f")
      #expect(after.st_atim.tv_sec == before.st_atim.tv_sec && after.st_atim.tv_nsec == before.st_atim.tv_nsec)
      #expect(after.st_mtim.tv_sec == before.st_mtim.tv_sec && after.st_mtim.tv_nsec == before.st_mtim.tv_nsec)
    }
  }
}
