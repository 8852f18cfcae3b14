import Glibc
import HelperHarness
import Testing

extension AttackTests {
  /// A host that changes names while the helper walks them.
  @Suite struct SymbolicLinkRaceTests {
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
        leaks += try place.leaks(Self.requests, peer)
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
  }
}
