import CLinux
import CRawCalls
import Glibc
import HelperHarness
import Testing

/// Exchanges what two names stand for, in one step.
func exchange(_ one: String, _ other: String) {
  // RENAME_EXCHANGE.
  let flag = 2
  one.withCString { one in
    other.withCString { other in
      _ = rc_call(
        Int(SYS_renameat2), Int(AT_FDCWD), Int(bitPattern: one), Int(AT_FDCWD), Int(bitPattern: other), flag)
    }
  }
}

extension AttackTests {
  /// A host that changes names while the helper walks them.
  @Suite struct SymbolicLinkRaceTests {
    /// What the client asks for in a race, and what may be left behind of it: the same each time.
    private func attempt(_ messages: [Message], _ place: Place, _ peer: borrowing Peer) throws -> [String] {
      try messages.compactMap { message in
        place.leak(try peer.ask(message)).map { "\(message): \($0)" }
      }
    }

    private func prepared(_ start: Start) throws -> Place {
      let place = try Place(start)
      try place.make(place.export + "/d")
      for name in ["d/x", "d/secret", "file"] { try place.makeFile(place.export + "/" + name) }
      try place.makeLink(place.outside, "absolute")
      try place.makeLink("../outside", "relative")
      return place
    }

    /// Every request on names in `d`, which is now a directory and now a link to what lies outside.
    private static let requests =
      ["/d/x", "/d/new", "/d/inner/x", "/d/link"].flatMap { path in
        Requests.all(Array(path.utf8), other: Array("/moved".utf8), existing: Array("/file".utf8))
      } + [.remove("/moved"), .remove("/file"), .create("/file"), .create("/d/x"), .create("/d/secret")]

    /// - Returns: what the client got to know of what is outside.
    private func swapLinks(_ place: Place) throws -> (leaks: [String], rounds: Int, hostRounds: Int) {
      let peer = try place.serve()
      var leaks: [String] = []
      let export = place.export
      let rounds = try race(
        seconds: 1,
        against: {
          for link in ["/absolute", "/relative"] {
            exchange(export + "/d", export + link)
            exchange(export + "/d", export + link)
          }
        }
      ) { _ in
        leaks += try attempt(Self.requests, place, peer)
        return true
      }
      #expect(try peer.isWell())
      return (leaks, rounds.rounds, rounds.hostRounds)
    }

    @Test(arguments: Start.all)
    func aLinkThatIsSwappedInLeadsNowhere(start: Start) throws {
      let place = try prepared(start)
      let (leaks, rounds, hostRounds) = try swapLinks(place)
      #expect(leaks.isEmpty, "\(leaks.count), such as \(leaks.first ?? "")")
      #expect(place.damage() == nil)
      #expect(rounds > 2 && hostRounds > 100, "\(rounds) against \(hostRounds)")
    }

    /// With nothing in the way the race is won: the test above can fail.
    @Test(.enabled(if: hasRoot(), needsRoot))
    func withoutASandboxItLeadsOutside() throws {
      let place = try prepared(.open)
      let (leaks, _, _) = try swapLinks(place)
      #expect(!leaks.isEmpty)
      #expect(place.damage() != nil)
    }

    /// Paths that go down into `d/e` and up again. The host moves that directory to where `outside` is, and back.
    private static let climbs: [Message] = [
      "/d/e/../outside", "/d/e/" + String(repeating: "./", count: 1500) + "../outside",
      // Walked in parts, with time for the host between them.
      "/d/e/" + String(repeating: "./", count: 8_000) + "../outside",
    ].flatMap { way in
      ["/x", "/secret", "/link"].flatMap { Requests.looking(at: Array((way + $0).utf8)) }
        + Requests.changing(
          Array((way + "/new").utf8), other: Array("/moved".utf8), existing: Array("/file".utf8))
    }

    private func moveOut(_ place: Place, seconds: Double, while goesOn: ([String]) -> Bool) throws -> [String] {
      try place.make(place.export + "/d/e")
      let (inside, moved) = (place.export + "/d/e", place.directory.path + "/moved")
      let peer = try place.serve()
      var leaks: [String] = []
      _ = try race(
        seconds: seconds,
        against: {
          rename(inside, moved)
          rename(moved, inside)
        }
      ) { _ in
        leaks += try attempt(Self.climbs, place, peer)
        return goesOn(leaks)
      }
      #expect(try peer.isWell())
      return leaks
    }

    /// The kernel itself sees that such a directory isn't below the mount's root any more.
    @Test(arguments: Start.namespaces)
    func aWalkThatIsMovedOutComesNotFar(start: Start) throws {
      let place = try prepared(start)
      let leaks = try moveOut(place, seconds: 1) { _ in true }
      #expect(leaks.isEmpty, "\(leaks.count), such as \(leaks.first ?? "")")
      #expect(place.damage() == nil)
    }

    /// A chroot has no such check: whoever can move directories out of the export has the helper walk the host.
    @Test(arguments: Start.all.filter { $0.sandbox == "chroot" })
    func underChrootAWalkThatIsMovedOutLeadsOutside(start: Start) throws {
      let place = try prepared(start)
      let leaks = try moveOut(place, seconds: 10) { $0.isEmpty }
      #expect(!leaks.isEmpty)
    }
  }
}
