import CLinux
import Glibc
import HelperHarness
import Synchronization
import Testing

extension AttackTests {
  /// Directories that leave the export while the helper walks them: `..` then leads on from where they are.
  @Suite struct MovedDirectoryTests {
    /// Paths that go down into `d/e` and up again, where that directory now and then lies beside `outside`.
    private static let climbs: [Message] = [
      "/d/e/../outside", "/d/e/" + String(repeating: "./", count: 1500) + "../outside",
      // Walked in parts, with time for others between them.
      "/d/e/" + String(repeating: "./", count: 8_000) + "../outside",
    ].flatMap { way in
      ["/x", "/secret", "/link"].flatMap { Requests.looking(at: Array((way + $0).utf8)) }
        + Requests.changing(
          Array((way + "/new").utf8), other: Array("/moved".utf8), existing: Array("/file".utf8))
    }

    /// Climbs while `d/e` is moved out of the export and back.
    ///
    /// - Parameters:
    ///   - mover: who does that.
    ///   - goesOn: is given what the client got to know so far.
    private func climb(
      _ place: Place, mover: uid_t, seconds: Double, while goesOn: ([String]) -> Bool
    ) throws -> [String] {
      let (inside, moved) = (place.export + "/d/e", place.directory.path + "/moved")
      let peer = try place.serve {
        for path in [place.export + "/d", inside] { try check(chown(path, mover, mover), "chown") }
        try check(chmod(place.directory.path, 0o777), "chmod")
      }
      var leaks: [String] = []
      _ = try race(
        seconds: seconds,
        against: {
          // Of this thread alone.
          if mover != geteuid() { _ = cl_setfsuid(mover) }
          rename(inside, moved)
          rename(moved, inside)
        }
      ) { _ in
        leaks += try place.leaks(Self.climbs, peer)
        return goesOn(leaks)
      }
      #expect(try peer.isWell())
      return leaks
    }

    private func prepared(_ start: Start) throws -> Place {
      let place = try Place(start)
      for path in ["/d", "/d/e"] { try place.make(place.export + path) }
      try place.makeFile(place.export + "/file")
      return place
    }

    /// The kernel itself sees that such a directory isn't below the mount's root any more.
    @Test(arguments: Start.namespaces)
    func aWalkThatIsMovedOutComesNotFar(start: Start) throws {
      let place = try prepared(start)
      let leaks = try climb(place, mover: geteuid(), seconds: 1) { _ in true }
      #expect(leaks.isEmpty, "\(leaks.count), such as \(leaks.first ?? "")")
      #expect(place.damage() == nil)
    }

    /// A chroot has no such check: whoever moves directories out of the export has the helper walk the host.
    ///
    /// That needs no help of the host's. Any user can, who may write somewhere on the file system beside the export: the
    /// client itself, in a directory that it has the helper make for it.
    @Test(arguments: Start.all.filter { $0.sandbox == "chroot" })
    func underChrootAWalkThatIsMovedOutLeadsOutside(start: Start) throws {
      let place = try prepared(start)
      let leaks = try climb(place, mover: hasRoot() ? 4321 : geteuid(), seconds: 30) { $0.isEmpty }
      #expect(!leaks.isEmpty)
    }

    /// With its descriptors a client can't move anything out under the namespace sandbox, whatever it owns inside.
    ///
    /// The tests start an ordinary user's helper with a copy of the host's mounts, so that under `chroot` it tells nothing.
    @Test(
      .enabled(if: hasRoot(), needsRoot), arguments: Start.all.filter { $0.sandbox == "namespace" || !$0.isRootless })
    func onlyUnderChrootTheClientMovesOutWhatItOwns(start: Start) throws {
      let place = try Place(start)
      try check(chmod(place.directory.path, 0o777), "chmod")
      let peer = try place.serve()
      // As the helper knows the client's user, whom the host has as 4321.
      let client = start.isRootless ? 1 : 4321 as UInt32
      for path in ["/own", "/own/inner"] {
        #expect(try peer.errno(.makeDirectory(path, mode: 0o777, uid: client, gid: client)) == 0)
      }
      let own = try peer.descriptor("/own", O_DIRECTORY)
      let moved = place.directory.path + "/moved"
      let errno = try onUsersThread(start.host(client)) {
        renameat(own.descriptor, "inner", AT_FDCWD, moved) == 0 ? 0 : Glibc.errno
      }
      #expect(errno == (start.sandbox == "namespace" ? EXDEV : 0))
    }

    /// Calls `body` on a thread that is this user to file systems.
    private func onUsersThread(_ user: uid_t, _ body: @escaping @Sendable () -> CInt) throws -> CInt {
      let result = Mutex<CInt>(-1)
      try onOwnThread(in: "/") {
        _ = cl_setfsuid(user)
        result.withLock { $0 = body() }
      }
      return result.withLock { $0 }
    }
  }
}
