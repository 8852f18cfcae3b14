import Glibc
import HelperHarness
import ProxyProtocol
import Testing

extension AttackTests {
  /// A guest that fills the file system, or uses up what a user may have of it.
  @Suite(.enabled(if: hasRoot(), needsRoot)) struct FullDiskTests {
    /// Calls `body` with an export that is a small file system, in memory, with these options.
    private func withFileSystem(
      _ start: Start, _ options: String, _ body: (Place, borrowing Peer) throws -> Void
    ) throws {
      let place = try Place(start)
      let options = options + ",mode=0777,uid=\(start.user),gid=\(start.group)"
      defer { umount2(place.export, CInt(MNT_DETACH)) }
      let peer = try place.serve {
        guard mount("tmpfs", place.export, "tmpfs", 0, options) == 0 else {
          try Test.cancel("the kernel has no tmpfs with \(options)")
        }
      }
      try body(place, peer)
    }

    /// All that needs an inode.
    private static func making(_ path: String, uid: UInt32 = 0) -> [Message] {
      let (user, name) = (Message.Field.d(uid), Message.Field.s(path))
      return [
        .create(path, uid: uid, gid: uid), .create(path, O_RDWR | O_CREAT | O_EXCL, uid: uid, gid: uid),
        .makeDirectory(path, uid: uid, gid: uid), Message(.makeNode, user, user, name, .d(S_IFIFO | 0o600), .q(0)),
        Message(.makeNode, user, user, name, .d(S_IFREG | 0o600), .q(0)),
        Message(.makeSymbolicLink, user, user, .s("target"), name),
      ]
    }

    /// Makes files until one fails, and returns how many there are then and why there is no other.
    private func fill(_ peer: borrowing Peer, uid: UInt32 = 0) throws -> (count: Int, errno: Int32) {
      for count in 0..<1000 {
        let errno = try peer.errno(.create("/filling-\(uid)-\(count)", uid: uid, gid: uid))
        if errno != 0 { return (count, errno) }
      }
      throw HarnessError("the file system doesn't fill up")
    }

    @Test(arguments: Start.all)
    func noInodeLeftIsAnErrorUntilOneIs(start: Start) throws {
      try withFileSystem(start, "nr_inodes=40") { (place: Place, peer: borrowing Peer) throws in
        let (count, errno) = try fill(peer)
        #expect(errno == ENOSPC)
        #expect(count > 20)
        let before = Tree.names(in: place.export)
        for message in Self.making("/new") + Self.making("/new", uid: 1) {
          #expect(try peer.errno(message) == ENOSPC, "\(message)")
          #expect(try peer.errno(.status("/new")) == ENOENT, "\(message)")
        }
        #expect(Tree.names(in: place.export) == before, "something was half made")
        // What needs none goes on.
        #expect(try peer.errno(.create("/filling-0-0")) == 0)
        #expect(try peer.errno(Message(.rename, .s("/filling-0-0"), .s("/renamed"))) == 0)
        #expect(try peer.errno(Message(.changeMode, .s("/renamed"), .d(0o600))) == 0)
        #expect(try peer.errno(.remove("/renamed")) == 0)
        for message in Self.making("/new") {
          #expect(try peer.errno(message) == 0, "\(message)")
          #expect(try peer.errno(.remove("/new")) == 0)
        }
        #expect(peer.log.lines.count == 1, "\(peer.log.text)")
        #expect(try peer.isWell())
      }
    }

    @Test(arguments: Start.all)
    func noBlockLeftIsAnErrorUntilOneIs(start: Start) throws {
      try withFileSystem(start, "size=256k") { (place: Place, peer: borrowing Peer) throws in
        #expect(try peer.errno(.create("/large")) == 0)
        let page = [UInt8](repeating: 1, count: 4096)
        func write() throws -> Int {
          let file = try peer.descriptor("/large", O_WRONLY | O_APPEND)
          return Glibc.write(file.descriptor, page, page.count)
        }
        var written = 0
        while try write() == page.count { written += 1 }
        #expect(written > 30 && written < 65)
        // A long target needs a page, a short one doesn't.
        let target = String(repeating: "t", count: 4000)
        for uid in [0, 1] as [UInt32] {
          let link = Message(.makeSymbolicLink, .d(uid), .d(uid), .s(target), .s("/link"))
          #expect(try peer.errno(link) == ENOSPC)
          #expect(try peer.errno(.status("/link")) == ENOENT)
        }
        guard case .frame(0, let payload) = try peer.ask(Message(.fileSystemStatus, .s("/"))) else {
          Issue.record("no status of the file system")
          return
        }
        #expect(try FileSystemStatus(payload.span).freeBlocks == 0)
        #expect(Tree.names(in: place.export).count == 1)
        #expect(try peer.errno(Message(.truncate, .s("/large"), .q(0))) == 0)
        #expect(try write() == page.count)
        #expect(try peer.errno(Message(.makeSymbolicLink, .d(0), .d(0), .s(target), .s("/link"))) == 0)
        #expect(try peer.isWell())
      }
    }

    /// The guest's users have their own share each, and the helper has no power to exceed it.
    @Test(arguments: Start.all)
    func aUsersQuotaIsAnErrorForThatUser(start: Start) throws {
      try withFileSystem(start, "usrquota,usrquota_inode_hardlimit=8") { (place: Place, peer: borrowing Peer) throws in
        let (count, errno) = try fill(peer, uid: 1000)
        #expect(errno == EDQUOT)
        #expect(count == 8)
        for message in Self.making("/new", uid: 1000) {
          #expect(try peer.errno(message) == EDQUOT, "\(message)")
          #expect(try peer.errno(.status("/new")) == ENOENT, "\(message)")
        }
        #expect(try fill(peer, uid: 1001).count == 8, "another's is another's")
        #expect(try peer.errno(.remove("/filling-1000-3")) == 0)
        #expect(try peer.errno(.create("/new", uid: 1000, gid: 1000)) == 0)
        #expect(try peer.isWell())
      }
    }
  }
}
