import Glibc
import HelperHarness
import ProxyProtocol
import Testing

extension AttackTests {
  /// Users and groups that a client may not act as, and what a user may not make.
  @Suite struct IdentityTests {
    private func prepared(_ start: Start) throws -> Place {
      let place = try Place(start)
      try place.makeFile(place.export + "/file")
      return place
    }

    /// Every request that makes something, as this user and group.
    private static func making(_ path: String, uid: UInt32, gid: UInt32) -> [Message] {
      let (uid, gid, path) = (Message.Field.d(uid), Message.Field.d(gid), Message.Field.s(path))
      return [
        Message(.create, path, .d(UInt32(O_RDWR | O_CREAT)), .d(0o666), uid, gid),
        Message(.create, path, .d(UInt32(O_RDWR | O_CREAT | O_EXCL)), .d(0o666), uid, gid),
        Message(.makeNode, uid, gid, path, .d(S_IFREG | 0o666), .q(0)),
        Message(.makeNode, uid, gid, path, .d(S_IFIFO | 0o666), .q(0)),
        Message(.makeNode, uid, gid, path, .d(S_IFSOCK | 0o666), .q(0)),
        Message(.makeDirectory, uid, gid, path, .d(0o777)),
        Message(.makeSymbolicLink, uid, gid, .s("target"), path),
      ]
    }

    /// -1 is "leave it as it is" to the kernel: what is made as nobody would be the helper's own.
    @Test(arguments: Start.all)
    func nothingIsMadeAsNobody(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      for (uid, gid) in [(UInt32.max, UInt32.max), (.max, 0), (0, .max), (.max, 1), (1, .max)] {
        for message in Self.making("/new", uid: uid, gid: gid) {
          #expect(try peer.errno(message) == EINVAL, "\(message)")
        }
        // Nor is what is there opened.
        for message in [Message.create("/file", O_RDWR, uid: uid, gid: gid), .create("/file", uid: uid, gid: gid)] {
          #expect(try peer.errno(message) == EINVAL, "\(message)")
        }
      }
      #expect(Tree.names(in: place.export).count == 1)
      #expect(try peer.isWell())
    }

    /// The largest ids that are some, which a user namespace needn't have: made for exactly them, or not at all.
    @Test(arguments: Start.all)
    func whatIsMadeIsTheirsOrNotMade(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      for id in [1, 65_533, 65_534, 65_535, 0x7fff_ffff, 0x8000_0000, 0xffff_fffd, 0xffff_fffe] as [UInt32] {
        let isThere = start.isRootless ? place.hasOthers && id <= Subordinates.count : true
        for (uid, gid) in [(id, id), (id, 0), (0, id)] {
          for message in Self.making("/new", uid: uid, gid: gid) {
            let errno = try peer.errno(message)
            // How many an ordinary user has is unknown.
            let isKnown = errno == (isThere ? 0 : EOVERFLOW) || !hasRoot() && errno == EOVERFLOW
            #expect(isKnown, "\(message): \(errno)")
            guard errno == 0 else { continue }
            let made = try peer.status("/new")
            #expect(made.uid == uid && made.gid == gid, "\(message): made as \(made.uid):\(made.gid)")
            var status = stat()
            try check(lstat(place.export + "/new", &status), "lstat")
            let isTheirs = status.st_uid == start.host(uid) && status.st_gid == start.host(gid)
            #expect(isTheirs || !hasRoot(), "\(message)")
            #expect(try peer.errno(.remove("/new")) == 0)
          }
        }
      }
      #expect(Tree.names(in: place.export).count == 1)
      #expect(try peer.isWell())
    }

    /// -1 leaves an id alone, and other ids are those that are asked for.
    @Test(arguments: Start.all)
    func givingAwayKnowsNobodyEither(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      func give(_ uid: UInt32, _ gid: UInt32) throws -> Int32 {
        try peer.errno(Message(.changeOwner, .s("/file"), .d(uid), .d(gid)))
      }
      #expect(try give(.max, .max) == 0)
      var owner = try peer.status("/file")
      #expect(owner.uid == 0 && owner.gid == 0)
      guard place.hasOthers else { return }
      #expect(try give(7, .max) == 0)
      #expect(try give(.max, 8) == 0)
      owner = try peer.status("/file")
      #expect(owner.uid == 7 && owner.gid == 8)
      for id in [0xffff_fffe, 0xffff_fffd, 1000] as [UInt32] {
        let isThere = !start.isRootless || id <= Subordinates.count
        #expect(try give(7, 8) == 0)
        for (uid, gid) in [(id, .max), (.max, id), (id, id)] as [(UInt32, UInt32)] {
          #expect(try give(uid, gid) == (isThere ? 0 : EOVERFLOW), "\(uid):\(gid)")
        }
        owner = try peer.status("/file")
        let expected = isThere ? (id, id) : (7, 8)
        #expect(owner.uid == expected.0 && owner.gid == expected.1, "\(owner.uid):\(owner.gid)")
      }
    }

    /// Device files are root's to make, and in a user namespace nobody's; under either identity none is left behind.
    @Test(arguments: Start.all)
    func othersMakeNoDevices(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      for kind in [S_IFCHR, S_IFBLK] {
        for (uid, gid) in [(1, 0), (1, 1), (65_534, 65_534)] as [(UInt32, UInt32)] {
          let errno = try peer.errno(Message(.makeNode, .d(uid), .d(gid), .s("/device"), .d(kind | 0o666), .q(0x103)))
          #expect(errno == EPERM || errno == EOVERFLOW && !place.hasOthers, "\(uid):\(gid): \(errno)")
        }
      }
      let made = try peer.errno(Message(.makeNode, .d(0), .d(0), .s("/device"), .d(S_IFCHR | 0o666), .q(0x103)))
      #expect(made == (start.isRootless ? EPERM : 0))
      // Overlay file systems' whiteout is the one device that everybody may make.
      let whiteout = try peer.errno(Message(.makeNode, .d(0), .d(0), .s("/whiteout"), .d(S_IFCHR), .q(0)))
      #expect(whiteout == 0 || whiteout == EPERM)
      #expect(try peer.isWell())
    }

    /// What a user makes in a directory of a group of others has no set-group-ID bit, whatever mode is asked for.
    @Test(.enabled(if: hasRoot(), needsRoot), arguments: Start.all)
    func aStrangerToAGroupGetsNoneOfItsBits(start: Start) throws {
      let place = try prepared(start)
      let directory = place.export + "/group"
      try place.make(directory)
      let peer = try place.serve {
        try check(chown(directory, start.user, start.host(777)), "chown")
        try check(chmod(directory, 0o2777), "chmod")
      }
      let path = "/group/new"
      for (uid, gid, isMember) in [(1000, 1000, false), (1000, 777, true), (1000, 0, false)] as [(UInt32, UInt32, Bool)]
      {
        for message in [
          Message.create(path, O_RDWR | O_CREAT, mode: 0o6777, uid: uid, gid: gid),
          .create(path, O_RDWR | O_CREAT | O_EXCL, mode: 0o6777, uid: uid, gid: gid),
          Message(.makeNode, .d(uid), .d(gid), .s(path), .d(S_IFREG | 0o6777), .q(0)),
        ] {
          #expect(try peer.errno(message) == 0, "\(message)")
          let made = try peer.status(path)
          #expect(made.uid == uid && made.gid == 777, "\(message)")
          #expect(made.mode & UInt32(S_ISGID) == (isMember ? UInt32(S_ISGID) : 0), "\(message): \(made.mode)")
          #expect(try peer.errno(.remove(path)) == 0)
        }
        // A directory takes its parent's bit, with the group.
        #expect(try peer.errno(.makeDirectory(path, mode: 0o777, uid: uid, gid: gid)) == 0)
        let made = try peer.status(path)
        #expect(made.mode & UInt32(S_ISGID) != 0 && made.gid == 777)
        #expect(try peer.errno(.remove(path)) == 0)
      }
    }

    /// What runs as others loses that when it is given away. When it is cut, the kernel leaves the bits to whoever has
    /// CAP_FSETID, as root's helper does: the guest's kernel takes them by a request of its own.
    @Test(arguments: Start.all)
    func bitsThatGivePrivilegeGoAsTheKernelHasThem(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      func mode(after message: Message) throws -> UInt32 {
        #expect(try peer.errno(Message(.changeMode, .s("/file"), .d(0o6777))) == 0)
        #expect(try peer.status("/file").mode & 0o7777 == 0o6777)
        #expect(try peer.errno(message) == 0)
        return try peer.status("/file").mode & 0o7777
      }
      #expect(try mode(after: Message(.changeOwner, .s("/file"), .d(0), .d(0))) == 0o777)
      if place.hasOthers { #expect(try mode(after: Message(.changeOwner, .s("/file"), .d(1), .d(1))) == 0o777) }
      #expect(try mode(after: Message(.truncate, .s("/file"), .q(0))) == (start.isRootless ? 0o777 : 0o6777))
      #expect(try mode(after: .open("/file", O_WRONLY | O_TRUNC)) == (start.isRootless ? 0o777 : 0o6777))
    }

    /// A user who isn't root cuts a file of others by creating it: the bits go.
    @Test(.enabled(if: hasRoot(), needsRoot), arguments: Start.all)
    func theyGoWhenAnotherUserCutsTheFile(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      #expect(try peer.errno(Message(.changeMode, .s("/file"), .d(0o6777))) == 0)
      #expect(try peer.errno(.create("/file", O_RDWR | O_CREAT | O_TRUNC, uid: 1000, gid: 1000)) == 0)
      #expect(try peer.status("/file").mode & 0o7777 == 0o777)
    }

    /// The protocol has the kernel's two words for times. Beyond them nanoseconds are less than a second.
    @Test(arguments: Start.all)
    func timesThatAreNoneAreRefused(start: Start) throws {
      let (now, omit) = (UInt64(0x3fff_ffff), UInt64(0x3fff_fffe))
      let place = try prepared(start)
      let peer = try place.serve()
      func set(_ access: (UInt64, UInt64), _ modification: (UInt64, UInt64)) throws -> Int32 {
        try peer.errno(
          Message(.setTimes, .s("/file"), .q(access.0), .q(access.1), .q(modification.0), .q(modification.1)))
      }
      #expect(try set((11, 22), (33, 44)) == 0)
      let wrong: [UInt64] = [
        1_000_000_000, 1_000_000_001, 0x3fff_fffd, 0x4000_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 1 << 32,
        1 << 32 | 5,
        1 << 63, 1 << 63 - 1, 1 << 63 | 5, .max, .max - 1,
        // The words, with something above them.
        1 << 32 | now, 1 << 32 | omit, 1 << 63 | now,
      ]
      for nanoseconds in wrong {
        for (access, modification) in [
          ((1, nanoseconds), (2, 3)), ((1, 2), (3, nanoseconds)), ((1, nanoseconds), (1, nanoseconds)),
        ] as [((UInt64, UInt64), (UInt64, UInt64))] {
          #expect(try set(access, modification) == EINVAL, "\(nanoseconds)")
        }
        // What is left alone isn't looked at by the kernel; the other is.
        #expect(try set((0, omit), (0, nanoseconds)) == EINVAL, "\(nanoseconds)")
      }
      var status = try peer.status("/file")
      #expect(status.access.seconds == 11 && status.access.nanoseconds == 22)
      #expect(status.modification.seconds == 33 && status.modification.nanoseconds == 44)
      #expect(try set((.max, omit), (1 << 63, omit)) == 0)
      #expect(try set((55, 66), (0, omit)) == 0)
      status = try peer.status("/file")
      #expect(status.access.seconds == 55 && status.modification.seconds == 33)
      #expect(try set((0, omit), (1 << 63, now)) == 0)
      status = try peer.status("/file")
      #expect(status.access.seconds == 55 && status.modification.seconds > 1_000_000_000)
      // Seconds that no file system has are cut by the kernel, or kept.
      for seconds in [1 << 63, 1 << 63 - 1, .max, 1 << 40] as [UInt64] {
        #expect(try set((seconds, 0), (seconds, 0)) == 0)
      }
      #expect(try peer.isWell())
    }

    /// Only the socket's user and group connect, whoever else comes by.
    @Test(.enabled(if: hasRoot(), needsRoot))
    func strangersDoNotConnect() throws {
      let place = try Place(Start.asRoot[0])
      let path = place.directory.path + "/socket"
      let helper = try spawn(
        Programs.helper, ["-n", "-p", place.export, "-s", path, "-u", "1000", "-g", "1001"], output: try Output())
      var status = stat()
      #expect(eventually { stat(path, &status) == 0 && status.st_uid == 1000 })
      for (uid, gid, isLetIn) in [(4000, 4000, false), (1001, 1000, false), (4000, 1001, true)]
        as [(uid_t, gid_t, Bool)]
      {
        let probe = try spawn(
          "/usr/bin/setpriv",
          ["--reuid=\(uid)", "--regid=\(gid)", "--clear-groups", "/usr/bin/test", "-w", path])
        #expect(probe.wait() == (isLetIn ? 0 : 1), "\(uid):\(gid)")
      }
      helper.signal(SIGTERM)
      #expect(helper.wait(seconds: 5) == 0)
    }
  }
}
