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
          try export.makeDirectory(try path("d\(made)"), mode: 0o755, as: identity)
          _ = try export.create(
            try path("f\(made)"), flags: .create | OpenFlags(rawValue: O_RDWR), mode: 0o600, as: identity)
          try export.makeSymbolicLink(try path("l\(made)"), target: try path("x"), as: identity)
          try export.makeNode(
            try path("p\(made)"), mode: UInt32(Glibc.S_IFIFO), device: 0, as: identity)
          for kind in ["d", "f", "l", "p"] {
            let status = try export.status(of: try path("\(kind)\(made)"))
            #expect(status.uid == uid && status.gid == gid, "\(kind) as \(uid):\(gid)")
          }
          made += 1
        }
      }
      #expect(cl_setfsuid(.max) == 0)
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
        try export.makeDirectory(try path("no/d"), mode: 0o755, as: other)
      }
      #expect(cl_setfsuid(.max) == 0)
      #expect(try ThreadCapabilities.current() == before)
    }
  }

  /// The group of the last creation stays the thread's, and must not show in anything but creations of that group.
  @Test func theLastGroupIsNobodyElses() throws {
    try withExport { export in
      let flags = .create | OpenFlags(rawValue: O_RDWR)
      _ = try export.create(try path("a"), flags: flags, mode: 0o644, as: try Identity(uid: 1000, gid: 777))
      _ = try export.create(try path("b"), flags: flags, mode: 0o644, as: try Identity(uid: 0, gid: 0))
      #expect(try export.status(of: try path("b")).gid == 0)
      // Nobody's group, and yet root may set the bit, and keep it.
      try export.changeOwner(try path("b"), uid: 5, gid: 5)
      try export.changeMode(try path("b"), to: 0o2755)
      #expect(try export.status(of: try path("b")).mode & 0o7777 == 0o2755)
    }
  }

  /// Refused access, a creation is tried once more with CAP_DAC_OVERRIDE; afterwards everything is as it was.
  @Test func whatTookAnOverrideGivesItBack() throws {
    try withExport { export in
      mkdir("closed", 0o700)
      let before = try ThreadCapabilities.current()
      let other = try Identity(uid: 1000, gid: 1000)
      let flags = .create | OpenFlags(rawValue: O_RDWR)
      for round in 0..<2 {
        _ = try export.create(try path("closed/f\(round)"), flags: flags, mode: 0o600, as: other)
        // It is there now, and root's own.
        chown("closed/f\(round)", 0, 0)
        _ = try export.create(try path("closed/f\(round)"), flags: flags, mode: 0o600, as: other)
        try export.makeDirectory(try path("closed/d\(round)"), mode: 0o755, as: other)
        try export.makeSymbolicLink(try path("closed/l\(round)"), target: try path("x"), as: other)
        try export.makeNode(
          try path("closed/p\(round)"), mode: UInt32(Glibc.S_IFIFO), device: 0, as: other)
        for kind in ["d", "l", "p"] {
          #expect(try export.status(of: try path("closed/\(kind)\(round)")).uid == 1000)
        }
        #expect(try ThreadCapabilities.current() == before)
        #expect(cl_setfsuid(.max) == 0)
        // With the override it still is no device's maker, and no member of the group.
        #expect(throws: Errno.notPermitted) {
          try export.makeNode(
            try path("closed/c"), mode: UInt32(Glibc.S_IFCHR), device: 0x103, as: other)
        }
      }
    }
  }

  @Test func othersMakeNoDevicesAndRootDoes() throws {
    try withExport { export in
      let mode = UInt32(Glibc.S_IFCHR) | 0o600
      for identity in [try Identity(uid: 1000, gid: 0), try Identity(uid: 1, gid: 1)] {
        #expect(throws: Errno.notPermitted) {
          try export.makeNode(try path("c"), mode: mode, device: 0x103, as: identity)
        }
      }
      try export.makeNode(try path("c"), mode: mode, device: 0x103, as: try Identity(uid: 0, gid: 777))
      let status = try export.status(of: try path("c"))
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
        try path("g/f"), flags: flags, mode: 0o2775, as: try Identity(uid: 1000, gid: 1000))
      let stranger = try export.status(of: try path("g/f"))
      #expect(stranger.gid == 777)
      #expect(stranger.mode & 0o7777 == 0o775)
      _ = try export.create(
        try path("g/m"), flags: flags, mode: 0o2775, as: try Identity(uid: 1000, gid: 777))
      #expect(try export.status(of: try path("g/m")).mode & 0o7777 == 0o2775)
    }
  }

  /// The protocol has no supplementary groups, so permissions are the guest kernel's to check.
  @Test func permissionsDoNotStandInTheWay() throws {
    try withExport { export in
      mkdir("closed", 0o700)
      let identity = try Identity(uid: 1000, gid: 1000)
      try export.makeDirectory(try path("closed/d"), mode: 0o755, as: identity)
      #expect(try export.status(of: try path("closed/d")).uid == 1000)
    }
  }
}
