import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

extension NinePAttackTests {
  /// Every bit that there is, where files are opened.
  @Suite struct OpenFlagTests {
    /// What the host may be asked for: access, append, sync and data sync, no access time, a directory; and what is there
    /// always: O_NOFOLLOW, O_CLOEXEC, O_LARGEFILE.
    private static let harmless: UInt32 =
      0o3 | 0o2000 | 0o4010000 | 0o1000000 | 0o200000 | 0o400000 | 0o2000000 | 0o100000

    /// All single bits with each access, and some masks.
    static let masks: [UInt32] = {
      var random = Random(seed: 11)
      let bits = (0..<32).flatMap { bit in (0..<4).map { 1 << bit | $0 as UInt32 } }
      return bits + (0..<60).map { _ in UInt32(truncatingIfNeeded: random.next()) } + [.max]
    }()

    /// The flags of the server's descriptors, by number; empty where the test may not see them.
    private func flags(_ share: Share) -> [String: UInt32] {
      var flags: [String: UInt32] = [:]
      for process in share.server.family {
        let path = "/proc/\(process)/fdinfo/"
        guard access(path, R_OK) == 0, let names = try? FileList.names(path) else { return [:] }
        for name in names {
          let line = readFile(path + name)?.split(separator: "\n").first { $0.hasPrefix("flags:") }
          if let digits = line?.split(whereSeparator: \.isWhitespace).last {
            flags[path + name] = UInt32(digits, radix: 8)
          }
        }
      }
      return flags
    }

    @Test(arguments: Way.all)
    func onlyKnownOnesReachTheHost(way: Way) throws {
      let share = try Share(way) { path in
        try makeFile(path + "/file", Array("text".utf8))
        try makeDirectory(path + "/d")
      }
      let client = try share.client()
      let before = flags(share)
      #expect(hasRoot() == !before.isEmpty)
      var seen = 0
      func look(_ message: NinePMessage, _ wanted: UInt32) throws {
        let errno = try client.failure(message)
        #expect([0, EINVAL, EISDIR, ENOTDIR, EEXIST].contains(errno), "\(message): \(errno)")
        guard errno == 0 else { return }
        for (number, flags) in flags(share) where flags != before[number] {
          // Those that only name something are the server's own.
          if flags & 0o10000000 != 0 { continue }
          seen += 1
          #expect(flags & ~Self.harmless == 0, "\(message): 0\(String(flags, radix: 8))")
          #expect(flags & 3 == wanted & 3, "\(message)")
        }
      }
      for mask in Self.masks {
        for name in ["file", "d"] {
          try client.done(.walk(0, 1, name))
          try look(.open(1, mask), mask)
          try client.done(.clunk(1))
        }
        try client.done(.walk(0, 2))
        try look(.create(2, "file", mask), mask)
        try client.done(.clunk(2))
        try client.done(.walk(0, 2))
        try look(.create(2, "new", mask), mask)
        try client.done(.clunk(2))
        _ = try client.call(.unlink(0, "new"))
      }
      #expect(seen > 300 || !hasRoot(), "\(seen)")
      // No file without a name, and nothing made by opening.
      #expect(try FileList.names(share.path) == ["d", "file"])
      #expect(try FileList.names(share.path + "/d") == [])
      #expect(share.isWell() && share.ends())
    }
  }
}
