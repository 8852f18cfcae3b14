import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

extension NinePAttackTests {
  /// Directories that are large, deep, or change while they are listed.
  @Suite struct DirectoryTests {
    /// Lists a directory to its end, in parts of this size.
    private func list(_ client: Client, _ fid: UInt32, _ count: UInt32) throws -> [String] {
      var (names, offset) = ([String](), UInt64(0))
      while true {
        let entries = try client.done(.list(fid, offset, count)).entries
        guard let last = entries.last else { return names }
        names += entries.map(\.name)
        offset = last.next
      }
    }

    /// What is there all the time is listed once, whatever comes and goes beside it, and whatever it is called.
    @Test(arguments: Way.all)
    func aDirectoryThatChangesIsListedWhole(way: Way) throws {
      let odd: [[UInt8]] = [[0xff, 0xfe], [10], [27, 91, 50], Array(repeating: 110, count: 255), [0xc3]]
      let share = try Share(way) { path in
        try makeDirectory(path + "/d")
        for index in 0..<1000 { try makeFile(path + "/d/stays-\(index)") }
        for name in odd {
          let file = (Array((path + "/d/").utf8) + name + [0]).withUnsafeBufferPointer {
            $0.withMemoryRebound(to: CChar.self) { open($0.baseAddress!, O_CREAT | O_WRONLY | O_CLOEXEC, 0o666) }
          }
          try check(file, "open")
          close(file)
        }
      }
      let (client, other) = (try share.client(), try share.client())
      let path = share.path
      try other.done(.walk(0, 1, "d"))
      let (rounds, changes) = try race(
        seconds: 0.5,
        against: {
          for index in 0..<20 { try? makeFile(path + "/d/comes-\(index)") }
          _ = try? other.call(.rename(0, "d", 0, "renamed"))
          _ = try? other.call(.rename(0, "renamed", 0, "d"))
          for index in 0..<20 { unlink(path + "/d/comes-\(index)") }
        }
      ) { round in
        guard try client.failure(.walk(0, 1, "d")) == 0 else { return true }
        try client.done(.open(1))
        let names = try list(client, 1, [700, 8192, .max][round % 3])
        let staying = names.filter { $0.hasPrefix("stays-") }
        #expect(staying.count == 1000 && Set(staying).count == 1000, "\(staying.count)")
        #expect(names.count >= 1000 + odd.count + 2)
        try client.done(.clunk(1))
        return true
      }
      #expect(rounds > 10 && changes > 10, "\(rounds) against \(changes)")
      #expect(share.isWell())
    }

    /// However much is asked for at a time, by however many.
    @Test(arguments: Way.all)
    func countsThatAreTooLargeCostNothing(way: Way) throws {
      let share = try Share(way, in: "/dev/shm") { path in
        for index in 0..<20_000 { try makeFile(path + "/file-with-a-name-\(index)") }
        truncate(path + "/file-with-a-name-0", 1 << 40)
      }
      let memory = try share.server.residentMemory()
      try inParallel(16) { index in
        let client = try share.client(messageSize: index % 2 == 0 ? 1 << 20 : 4096)
        try client.done(.walk(0, 1))
        try client.done(.open(1))
        guard Set(try list(client, 1, .max)).count == 20_002 else { throw HarnessError("not all are listed") }
        // Offsets that were never told: anything but a crash.
        for offset: UInt64 in [1, 77, 1 << 31, 1 << 62, 1 << 63, .max] { _ = try client.call(.list(1, offset, .max)) }
        try client.done(.walk(0, 2, "file-with-a-name-0"))
        try client.done(.open(2))
        for offset: UInt64 in [0, 1 << 39, 1 << 40, 1 << 62] {
          let answer = try client.done(.read(2, offset, .max))
          guard answer.all.count <= 1 << 20 else { throw HarnessError("more than a message takes") }
        }
        for offset: UInt64 in [1 << 63, .max] where try client.failure(.read(2, offset, .max)) != EINVAL {
          throw HarnessError("read at \(offset)")
        }
      }
      let grown = try share.server.residentMemory() - memory
      #expect(grown < 16 * 2500, "\(grown) kB")
      #expect(share.isWell() && share.ends())
    }

    /// One message is sixteen steps. Far down, where each step upwards could be a look at every directory above, they
    /// take no longer than they do near the root, or, where the server has nothing but such a look, than a single one.
    @Test(arguments: Way.all + [.bare])
    func stepsUpwardsCostTheSameAnywhere(way: Way) throws {
      let share = try Share(way, in: "/dev/shm")
      let client = try share.client()
      let depth = 2500
      try client.done(.walk(0, 1))
      for _ in 0..<depth {
        try client.done(.makeDirectory(1, "d"))
        try client.done(.walk(1, 1, "d"))
      }
      /// The shortest time that a walk takes, in seconds.
      func time(_ names: [String]) throws -> Double {
        try (0..<7).map { _ in
          let start = now()
          try client.done(.walk(1, 2, names))
          let end = now()
          try client.done(.clunk(2))
          return end - start
        }.min() ?? 0
      }
      let limit = way == .bare ? 3 * (try time([".."])) : 0.02
      for walk in [Array(repeating: "..", count: 16), (0..<16).map { $0 % 2 == 0 ? ".." : "d" }] {
        let time = try time(walk)
        #expect(time < limit, "\(time) s for \(walk.prefix(3)), not \(limit)")
      }
      // Nor does a walk that goes up by other ways than it has come down.
      try client.done(.makeDirectory(1, "e"))
      try client.done(.makeDirectory(1, "f"))
      let around = ["e", "..", "f", "..", "..", "d", "e", "..", "f", "..", "..", "..", "d", "d", "e", ".."]
      #expect(try time(around) < limit)
    }

    /// Deeper than any path reaches.
    @Test(arguments: Way.all)
    func aDeepTreeIsWalkedAndRenamed(way: Way) throws {
      let share = try Share(way)
      let client = try share.client()
      let name = String(repeating: "n", count: 255)
      try client.done(.walk(0, 1))
      for _ in 0..<300 {
        try client.done(.makeDirectory(1, name))
        try client.done(.walk(1, 1, name))
      }
      let bottom = try client.done(.status(1)).u64(13)
      try client.done(.walk(0, 2))
      for _ in 0..<18 { try client.done(.walk(2, 2, Array(repeating: name, count: 16))) }
      try client.done(.walk(2, 2, Array(repeating: name, count: 12)))
      #expect(try client.done(.status(2)).u64(13) == bottom)
      try client.done(.rename(0, name, 0, "top"))
      try client.done(.create(2, "file"))
      try client.done(.write(2, 0, [1, 2]))
      #expect(try client.done(.status(2)).u64(49) == 2)
      // And up again, to the root and no further.
      for _ in 0..<25 { try client.done(.walk(1, 1, Array(repeating: "..", count: 16))) }
      #expect(try client.done(.status(1)).u64(13) == client.done(.status(0)).u64(13))
      #expect(share.damage() == nil)
      #expect(share.isWell() && share.ends())
    }
  }
}
