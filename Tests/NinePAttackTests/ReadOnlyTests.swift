import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

extension NinePAttackTests {
  /// `--readonly`: the tree is what it was, to the last access time.
  @Suite struct ReadOnlyTests {
    /// All that there is to know of the tree; without the sandbox's mount reading counts as access.
    private func state(_ share: Share) -> [String] {
      let lines = Tree(share.path).lines
      guard share.way == .bare else { return lines }
      return lines.map { $0.replacing(/accessed [0-9.]+/, with: "") }
    }

    @Test(arguments: Way.all + [.bare])
    func nothingChanges(way: Way) throws {
      let share = try Share(way, ["--readonly"]) { path in
        for name in ["/d", "/d/e"] { try makeDirectory(path + name) }
        for name in ["/file", "/d/x"] { try makeFile(path + name, Array("text".utf8), mode: 0o6777) }
        try check(symlink("file", path + "/link"), "symlink")
        try check(setxattr(path + "/file", "user.a", "1", 1, 0), "setxattr")
        if hasRoot() { try check(mkfifo(path + "/fifo", 0o666), "mkfifo") }
      }
      let client = try share.client()
      _ = state(share)
      let tree = state(share)
      for (fid, name) in ["", "file", "d", "link"].enumerated() {
        try client.done(.walk(0, UInt32(fid + 1), name.isEmpty ? [] : [name]))
      }
      let changes: [NinePMessage] =
        (1...4).flatMap { fid in
          (0..<9).map { .change(fid, 1 << $0, mode: 0o777, uid: 1, gid: 1, size: 1, access: 5) }
            + [.change(fid, .max), .change(fid, 0x1ff, mode: 0o777, uid: 0, gid: 0)]
        } + [
          .makeDirectory(1, "new"), .makeNode(1, "new", mode: 0o10644), .makeNode(1, "new", mode: 0o100644),
          .symlink(1, "new", "t"), .link(1, 2, "new"), .rename(1, "file", 1, "new"), .rename(3, "x", 1, "file"),
          .unlink(1, "file"), .unlink(3, "x"), .unlink(3, "e", 0x200), .unlink(1, "link"),
        ]
      for message in changes {
        // A time without a bit that says which is no change.
        let errno = try client.failure(message)
        #expect(errno == EROFS || message.type == 26 && [0, EINVAL, EFBIG].contains(errno), "\(message): \(errno)")
      }
      // Attributes are set when their fid is given up.
      for (value, flags) in [([1], 0), ([], 2), ([1], 1)] as [([UInt8], UInt32)] {
        try client.done(.walk(2, 9))
        let errno = try client.failure(.createAttribute(9, "user.a", UInt64(value.count), flags))
        if errno == 0, !value.isEmpty { _ = try client.call(.write(9, 0, value)) }
        #expect(try client.failure(.clunk(9)) == (errno == 0 ? EROFS : 0))
      }
      for message: NinePMessage in [.remove(9), .rename(2, to: 1, "new")] {
        _ = try? client.done(.walk(2, 9))
        #expect(try client.failure(message) != 0)
      }
      for mask in OpenFlagTests.masks {
        for name in ["file", "d", "link"] {
          try client.done(.walk(0, 10, name))
          if try client.failure(.open(10, mask)) == 0 {
            #expect(mask & 0o3 == 0 && mask & 0o1000 == 0, "\(mask)")
            for message: NinePMessage in [.write(10, 0, [1]), .change(10, 8), .change(10, 1, mode: 0)] {
              #expect(try client.failure(message) != 0, "\(mask)")
            }
            _ = try client.call(.read(10))
            _ = try client.call(.list(10))
          }
          try client.done(.clunk(10))
        }
        for name in ["new", "file"] {
          try client.done(.walk(0, 10))
          let errno = try client.failure(.create(10, name, mask))
          #expect(errno == EROFS || errno == EINVAL, "\(mask): \(errno)")
          try client.done(.clunk(10))
        }
      }
      try client.done(.open(2))
      #expect(try client.failure(.change(2, 8)) == EROFS)
      _ = try client.call(.synchronize(2))
      #expect(state(share) == tree)
      #expect(share.damage() == nil)
      #expect(share.isWell() && share.ends())
    }
  }
}
