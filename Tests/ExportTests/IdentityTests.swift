import CLinux
import Export
import Glibc
import HelperHarness
import Linux
import SystemPackage
import Testing

@Suite(.enabled(if: hasRoot(), "needs root: makes files as other users")) struct IdentityTests {
  /// Every pair of ids, also those that the original gets wrong, in every order.
  @Test func filesBelongToWhomTheyAreMadeAs() throws {
    try withExport { export in
      let ids: [UInt32] = [0, 1, 777, 1000, 65534, 4_294_967_294]
      var made = 0
      for uid in ids {
        for gid in ids {
          let identity = try Identity(uid: uid, gid: gid)
          try export.makeDirectory(in: export.root, try path("d\(made)"), mode: 0o755, as: identity)
          _ = try export.create(
            in: export.root, try path("f\(made)"), .create | OpenFlags(rawValue: O_RDWR), mode: 0o600, as: identity)
          try export.makeSymbolicLink(in: export.root, try path("l\(made)"), target: try path("x"), as: identity)
          try export.makeNode(
            in: export.root, try path("p\(made)"), mode: UInt32(Glibc.S_IFIFO), device: 0, as: identity)
          for kind in ["d", "f", "l", "p"] {
            let status = try export.status(in: export.root, try path("\(kind)\(made)"))
            #expect(status.uid == uid && status.gid == gid, "\(kind) as \(uid):\(gid)")
          }
          made += 1
        }
      }
      #expect(cl_setfsuid(.max) == 0 && cl_setfsgid(.max) == 0)
    }
  }

  @Test(arguments: [(UInt32.max, UInt32(0)), (0, .max), (.max, .max)])
  func nobodyIsMinusOne(uid: UInt32, gid: UInt32) {
    #expect(throws: Errno.invalidArgument) { _ = try Identity(uid: uid, gid: gid) }
  }

  @Test func failuresGiveTheIdentityBack() throws {
    try withExport { export in
      let before = try ThreadCapabilities.current()
      let other = try Identity(uid: 1000, gid: 1000)
      #expect(throws: Errno.noSuchFileOrDirectory) {
        try export.makeDirectory(in: export.root, try path("no/d"), mode: 0o755, as: other)
      }
      #expect(cl_setfsuid(.max) == 0 && cl_setfsgid(.max) == 0)
      #expect(try ThreadCapabilities.current() == before)
    }
  }

  @Test func othersMakeNoDevicesAndRootDoes() throws {
    try withExport { export in
      let mode = UInt32(Glibc.S_IFCHR) | 0o600
      for identity in [try Identity(uid: 1000, gid: 0), try Identity(uid: 1, gid: 1)] {
        #expect(throws: Errno.notPermitted) {
          try export.makeNode(in: export.root, try path("c"), mode: mode, device: 0x103, as: identity)
        }
      }
      try export.makeNode(in: export.root, try path("c"), mode: mode, device: 0x103, as: try Identity(uid: 0, gid: 777))
      let status = try export.status(in: export.root, try path("c"))
      #expect(status.specialDevice == 0x103 && status.gid == 777)
    }
  }

  /// As the kernel does it for a local user: who isn't of the group gets no set-group-ID file of it.
  @Test func aStrangerToTheGroupGetsNoSetGroupIDFile() throws {
    try withExport { export in
      mkdir("g", 0o777)
      chown("g", 0, 777)
      chmod("g", 0o2777)
      let flags = .create | OpenFlags(rawValue: O_RDWR)
      _ = try export.create(
        in: export.root, try path("g/f"), flags, mode: 0o2775, as: try Identity(uid: 1000, gid: 1000))
      let stranger = try export.status(in: export.root, try path("g/f"))
      #expect(stranger.gid == 777)
      #expect(stranger.mode & 0o7777 == 0o775)
      _ = try export.create(
        in: export.root, try path("g/m"), flags, mode: 0o2775, as: try Identity(uid: 1000, gid: 777))
      #expect(try export.status(in: export.root, try path("g/m")).mode & 0o7777 == 0o2775)
    }
  }

  /// The protocol has no supplementary groups, so permissions are the guest kernel's to check.
  @Test func permissionsDoNotStandInTheWay() throws {
    try withExport { export in
      mkdir("closed", 0o700)
      let identity = try Identity(uid: 1000, gid: 1000)
      try export.makeDirectory(in: export.root, try path("closed/d"), mode: 0o755, as: identity)
      #expect(try export.status(in: export.root, try path("closed/d")).uid == 1000)
    }
  }
}
