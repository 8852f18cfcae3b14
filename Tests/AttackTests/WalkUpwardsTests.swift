import Glibc
import HelperHarness
import Testing

extension AttackTests {
  /// `..` in every form of path, in every place of every request.
  @Suite struct WalkUpwardsTests {
    /// Paths that would lead to `outside` or to what is in it, were the export's root a directory like any other.
    ///
    /// They start at links and directories that ``prepared(_:)`` makes.
    private static func ways(_ place: Place) -> [String] {
      let up = [
        "../", "/../", "//..//", "/./../", "/d/../../", "/d/.././../", "d/../../", "/up/", "/up/up/../", "/d/inner-up/",
        "/root/../", "/high/../..", "/file/../../", "/d/../d/./../../",
        // Longer than the kernel takes in one go, so that the helper walks it in parts.
        String(repeating: "/.", count: 2100) + "/../", String(repeating: "/up", count: 1500) + "/",
        String(repeating: "../", count: 20_000), "/d" + String(repeating: "/.", count: 2100) + "/../../",
        String(repeating: "/d/..", count: 900) + "/../",
      ]
      let relative = up.map { $0 + "outside" } + ["/climb", "/d/climb", "/chain"]
      let absolute = [
        place.outside, "/" + place.outside, "/absolute", "/root" + place.outside, "/high" + place.outside,
      ]
      return relative + absolute
    }

    /// A place whose export has links that lead out of it, as far as their words go.
    private func prepared(_ start: Start) throws -> Place {
      let place = try Place(start)
      try place.make(place.export + "/d")
      try place.makeFile(place.export + "/file")
      for (target, name) in [
        ("..", "up"), ("../..", "d/inner-up"), ("/", "root"), ("../../../../../../../../../..", "high"),
        ("../outside", "climb"), ("../../outside", "d/climb"), (place.outside, "absolute"), ("climb", "chain"),
      ] {
        try place.makeLink(target, name)
      }
      return place
    }

    /// Makes every request on every path, and returns what it came to.
    private func attempt(_ place: Place, _ peer: borrowing Peer) throws -> (answers: Int, leaks: [String]) {
      var (answers, leaks) = (0, [String]())
      func ask(_ message: Message) throws {
        let answer = try peer.ask(message)
        answers += 1
        if let leak = place.leak(answer) { leaks.append("\(message): \(leak)") }
      }
      let ends = ["", "/x", "/inner/x", "/link", "/new", "/", "/inner/.."]
      let paths = Self.ways(place).flatMap { way in ends.map { Array((way + $0).utf8) } }
      for path in paths {
        for message in Requests.looking(at: path) { try ask(message) }
      }
      for path in paths {
        let other = Array("/moved-\(answers)".utf8)
        for message in Requests.changing(path, other: other, existing: Array("/file".utf8)) { try ask(message) }
      }
      return (answers, leaks)
    }

    @Test(arguments: Start.all)
    func noFormOfPathLeadsOutside(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      let (answers, leaks) = try attempt(place, peer)
      #expect(answers > 3000)
      #expect(leaks.isEmpty, "\(leaks.count), such as \(leaks.first ?? "")")
      #expect(place.damage() == nil)
      #expect(try peer.isWell())
    }

    /// The same with nothing in the way: the test above can fail.
    @Test(.enabled(if: hasRoot(), needsRoot))
    func withoutASandboxManyDo() throws {
      let place = try prepared(.open)
      let (_, leaks) = try attempt(place, try place.serve())
      #expect(leaks.count > 20)
      #expect(place.damage() != nil)
    }

    /// Links that the client makes itself, of which the helper stores every word.
    @Test(arguments: Start.all)
    func noLinkOfTheClientsLeadsOutside(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      for target in Self.ways(place) where target.utf8.count < 4096 {
        #expect(try peer.errno(Message(.makeSymbolicLink, .d(0), .d(0), .s(target), .s("/d/planted"))) == 0)
        for path in ["/d/planted", "/d/planted/", "/d/planted/x", "/d/planted/new", "/d/planted/.."] {
          for message in Requests.looking(at: Array(path.utf8)) {
            #expect(place.leak(try peer.ask(message)) == nil, "\(message), a link to \(target.prefix(60))")
          }
        }
        for message in Requests.changing(
          Array("/d/planted/x".utf8), other: Array("/moved".utf8), existing: Array("/file".utf8))
        {
          #expect(place.leak(try peer.ask(message)) == nil, "\(message), a link to \(target.prefix(60))")
        }
        #expect(try peer.errno(.remove("/d/planted")) == 0)
        for made in ["/moved", "/d/x"] { _ = try peer.ask(.remove(made)) }
      }
      #expect(place.damage() == nil)
      #expect(try peer.isWell())
    }

    /// What a client could change of the host's root.
    private func hostsRoot() throws -> [Int] {
      var status = stat()
      try check(stat("/", &status), "stat")
      return [
        Int(status.st_mode), Int(status.st_uid), Int(status.st_gid), status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
      ]
    }

    /// All names of the root are the export's, and none is the host's.
    @Test(arguments: Start.all)
    func theRootIsTheExports(start: Start) throws {
      let place = try Place(start)
      try place.makeFile(place.export + "/file")
      let peer = try place.serve()
      let before = try hostsRoot()
      let export = try peer.status("/")
      for path in ["/", "//", ".", "/.", "..", "/..", "/../..", "/./", "////.."] {
        let bytes = Array(path.utf8)
        #expect(try peer.status(path).inode == export.inode, "\(path)")
        #expect(try peer.errno(Message(.changeMode, .s(bytes), .d(0o711))) == 0, "\(path)")
        #expect(try peer.status("/").mode & 0o7777 == 0o711, "\(path)")
        #expect(try peer.errno(Message(.changeMode, .s(bytes), .d(0o777))) == 0, "\(path)")
        #expect(try peer.errno(Message(.setTimes, .s(bytes), .q(1), .q(2), .q(3), .q(4))) == 0, "\(path)")
        #expect(try peer.status("/").modification.seconds == 3, "\(path)")
        for message in Requests.all(bytes, other: Array("/moved".utf8), existing: Array("/file".utf8)) {
          #expect(place.leak(try peer.ask(message)) == nil, "\(message)")
        }
        #expect(try peer.status("/").inode == export.inode, "\(path)")
      }
      #expect(try hostsRoot() == before)
      #expect(place.damage() == nil)
    }
  }
}
