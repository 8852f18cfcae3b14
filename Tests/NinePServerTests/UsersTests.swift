import Glibc
import HelperHarness
import Linux
import NinePHarness
import NinePServer
import Serving
import SystemPackage
import Testing

/// As whom requests are done.
@Suite("Users of 9P", .everyTransport)
struct UsersTests {
  private func identity(_ uid: UInt32, _ gid: UInt32) throws -> Identity { try Identity(uid: uid, gid: gid) }

  private func owner(_ path: String) -> [UInt32] {
    var status = stat()
    return lstat(path, &status) == 0 ? [status.st_uid, status.st_gid, status.st_mode & 0o7777] : []
  }

  @Test("what a user makes is that user's, where users are believed", .enabled(if: hasRoot(), "needs root"))
  func asClaimed() throws {
    let served = try Served(authority: .trusted)
    chmod(served.directory.path, 0o777)
    try served.client.start()
    for (fid, user): (UInt32, UInt32) in [(1, 0), (2, 1000), (3, .max), (4, 3_000_000_000)] {
      try served.client.done(.attach(fid, user: user))
      let owner: UInt32 = user == .max ? 65_534 : user
      try served.client.done(NinePMessage(72, .four(fid), .text("d\(fid)"), .four(0o755), .four(77)))
      try served.client.done(NinePMessage(16, .four(fid), .text("l\(fid)"), .text("t"), .four(78)))
      try served.client.done(
        NinePMessage(18, .four(fid), .text("p\(fid)"), .four(0o10640), .four(0), .four(0), .four(79)))
      try served.client.done(.walk(fid, 10))
      try served.client.done(NinePMessage(14, .four(10), .text("f\(fid)"), .four(2), .four(0o640), .four(80)))
      try served.client.done(.clunk(10))
      #expect(self.owner(served.path("d\(fid)")) == [owner, 77, 0o755])
      #expect(self.owner(served.path("l\(fid)")).prefix(2) == [owner, 78])
      #expect(self.owner(served.path("p\(fid)")) == [owner, 79, 0o640])
      #expect(self.owner(served.path("f\(fid)")) == [owner, 80, 0o640])
    }
    // Devices are root's to make, groups that aren't any are nobody's.
    let device = NinePMessage(18, .four(2), .text("device"), .four(0o20666), .four(1), .four(3), .four(0))
    #expect(try served.client.failure(device) == EPERM)
    #expect(try served.client.failure(NinePMessage(72, .four(1), .text("x"), .four(0o755), .four(.max))) == EINVAL)
  }

  @Test("a user is given by name where no number is", .enabled(if: hasRoot(), "needs root"))
  func byName() throws {
    let accounts = Accounts(Array("alice:x:1001:100:::\n".utf8))
    let served = try Served(authority: .trusted, accounts: accounts)
    chmod(served.directory.path, 0o777)
    try served.client.start()
    for (name, user, owner): (String, UInt32, UInt32) in [
      ("alice", .max, 1001), ("bob", .max, 65_534), ("77", .max, 77), ("alice", 5, 5), ("4294967295", .max, 65_534),
    ] {
      try served.client.done(.attach(1, user: user, name: name))
      try served.client.done(.makeDirectory(1, "d"))
      #expect(self.owner(served.path("d")).first == owner, "\(name) \(user)")
      rmdir(served.path("d"))
      try served.client.done(.clunk(1))
    }
  }

  @Test("writing takes set-id bits away, unless root does it", .enabled(if: hasRoot(), "needs root"))
  func setIDs() throws {
    let served = try Served(authority: .trusted)
    try served.client.start()
    for user: UInt32 in [0, 1000, .max] {
      try served.client.done(.attach(1, user: user))
      for change in 0..<4 {
        served.write("text", to: "file")
        chmod(served.path("file"), 0o6777)
        try served.client.done(.walk(1, 2, "file"))
        if change != 1 { try served.client.done(.open(2, 1 + (change == 3 ? 0o1000 : 0))) }
        switch change {
        case 0: try served.client.done(.write(2, 0, [1]))
        case 1, 2: try served.client.done(.change(2, 8, size: 2))
        default: break
        }
        // Who writes without CAP_FSETID is no root to the kernel: split, that is all who write to an open file.
        let keeps = user == 0 && (Way.current == .inProcess || change == 1 || change == 3)
        #expect(owner(served.path("file")) == [0, 0, keeps ? 0o6777 : 0o777], "user \(user), change \(change)")
        try served.client.done(.clunk(2))
      }
      try served.client.done(.clunk(1))
    }
  }

  @Test("one who isn't believed is himself, whatever he says", .enabled(if: hasRoot(), "needs root"))
  func one() throws {
    let served = try Served(authority: .one(try identity(1000, 100)))
    served.write("secret", to: "secret")
    chmod(served.path("secret"), 0o600)
    mkdir(served.path("closed"), 0o700)
    served.write("", to: "closed/file")
    served.write("mine", to: "mine")
    chown(served.path("mine"), 1000, 100)
    mkdir(served.path("public"), 0o777)
    chmod(served.path("public"), 0o777)
    try served.client.start(user: 0)
    try served.client.done(.walk(0, 1, "secret"))
    try served.client.done(.walk(0, 2, "closed"))
    try served.client.done(.walk(0, 3, "mine"))
    try served.client.done(.walk(0, 4, "public"))
    for flags: UInt32 in [0, 1, 2] { #expect(try served.client.failure(.open(1, flags)) == EACCES) }
    #expect(try served.client.failure(.open(2)) == EACCES)
    #expect(try served.client.failure(.walk(2, 9, "file")) == EACCES)
    #expect(try served.client.failure(.change(1, 1, mode: 0o666)) == EPERM)
    #expect(try served.client.failure(.change(1, 2, uid: 1000)) == EPERM)
    #expect(try served.client.failure(.change(1, 8)) == EACCES)
    #expect(try served.client.failure(.change(1, 0x70)) == EACCES)
    #expect(try served.client.failure(.unlink(0, "secret")) == EACCES)
    #expect(try served.client.failure(.rename(0, "mine", 0, "other")) == EACCES)
    #expect(try served.client.failure(.makeDirectory(0, "new")) == EACCES)
    #expect(try served.client.failure(.change(3, 2, uid: 0)) == EPERM)
    #expect(try served.client.failure(.change(3, 4, gid: 0)) == EPERM)
    try served.client.done(.change(3, 1, mode: 0o6755))
    try served.client.done(.makeDirectory(4, "new"))
    try served.client.done(.create(4, "file", mode: 0))
    #expect(owner(served.path("public/new")) == [1000, 100, 0o755])
    #expect(owner(served.path("public/file")) == [1000, 100, 0])
    // Writing takes the bits away that would make others of who runs it.
    try served.client.done(.open(3, 1))
    try served.client.done(.write(3, 0, [1]))
    #expect(owner(served.path("mine")) == [1000, 100, 0o755])
  }
}
