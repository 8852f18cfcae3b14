import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

/// Listings.
@Suite("Directories", .everyTransport)
struct DirectoryTests {
  /// All that a listing gives, in portions of `count` bytes.
  private func list(_ client: Client, _ fid: UInt32, _ count: UInt32) throws -> [String] {
    var names: [String] = []
    var offset: UInt64 = 0
    while true {
      let body = try client.done(.list(fid, offset, count))
      #expect(body.all.count - 4 <= Int(count))
      guard let last = body.entries.last else { return names }
      names += body.entries.map(\.name)
      offset = last.next
    }
  }

  @Test("each entry once, in portions of any size", arguments: [290, 300, 1000, 4096, 60_000, .max] as [UInt32])
  func portions(count: UInt32) throws {
    let served = try Served()
    let names = (0..<300).map { "\($0)" + String(repeating: "n", count: $0 % 250) }
    for name in names { served.write("", to: name) }
    try served.client.start()
    try served.client.done(.walk(0, 1))
    try served.client.done(.open(1))
    for _ in 0..<2 {
      let seen = try list(served.client, 1, count)
      #expect(seen.count == 302)
      #expect(Set(seen) == Set(names + [".", ".."]))
    }
  }

  @Test("entries that the kernel gave and that didn't fit come next", arguments: [28, 60, 100, 200] as [UInt32])
  func leftOver(count: UInt32) throws {
    let served = try Served()
    let names = (1000..<1060).map { "\($0)" }
    for name in names { served.write("", to: name) }
    try served.client.start()
    try served.client.done(.walk(0, 1))
    try served.client.done(.open(1))
    let seen = try list(served.client, 1, count)
    #expect(seen.count == 62)
    #expect(Set(seen) == Set(names + [".", ".."]))
  }

  @Test("where not even one entry fits, it doesn't look like the end")
  func noRoom() throws {
    let served = try Served()
    try served.client.start()
    try served.client.done(.walk(0, 1))
    try served.client.done(.open(1))
    for count: UInt32 in [0, 1, 23, 24] { #expect(try served.client.failure(.list(1, 0, count)) == EINVAL) }
    #expect(try served.client.done(.list(1, 0, 26)).entries.count == 1)
  }

  @Test("a position holds while entries go and come")
  func storm() throws {
    let served = try Served()
    for number in 0..<800 { served.write("", to: "stays-\(number)") }
    for number in 0..<800 { served.write("", to: "goes-\(number)") }
    try served.client.start()
    try served.client.done(.walk(0, 1))
    try served.client.done(.open(1))
    var seen: [String] = []
    var (offset, round) = (UInt64(0), 0)
    while true {
      let entries = try served.client.done(.list(1, offset, 2000)).entries
      guard let last = entries.last else { break }
      seen += entries.map(\.name)
      offset = last.next
      for number in round * 16..<(round + 1) * 16 {
        unlink(served.path("goes-\(number)"))
        served.write("", to: "comes-\(number)")
      }
      round += 1
    }
    let stayed = seen.filter { $0.hasPrefix("stays-") }
    #expect(stayed.count == 800)
    #expect(Set(stayed).count == 800)
    // From the start it is listed as it is now.
    #expect(
      Set(try list(served.client, 1, 8000)).subtracting([".", ".."]) == Set(try FileList.names(served.directory.path)))
  }

  @Test("a position of an entry in the midst goes on behind it, and any other number does no harm")
  func positions() throws {
    let served = try Served()
    for number in 0..<50 { served.write("", to: "\(number)") }
    try served.client.start()
    try served.client.done(.walk(0, 1))
    try served.client.done(.open(1))
    let all = try served.client.done(.list(1)).entries
    for index in [40, 3, 20, 51] {
      let rest = try served.client.done(.list(1, all[index].next)).entries
      #expect(rest.map(\.name) == all[(index + 1)...].map(\.name))
    }
    for offset: UInt64 in [1, 12_345, 1 << 40, 1 << 62, 1 << 63, .max] { _ = try served.client.call(.list(1, offset)) }
    #expect(try served.client.done(.list(1)).entries.map(\.name) == all.map(\.name))
    #expect(try served.client.failure(.list(0)) == EBADF)
  }

  @Test("files of what is mounted below have numbers of their own", .enabled(if: hasRoot(), "needs root"))
  func mounted() throws {
    let served = try Served()
    // Two file systems that number their files alike.
    for name in ["one", "two"] {
      mkdir(served.path(name), 0o755)
      #expect(mount("none", served.path(name), "tmpfs", 0, nil) == 0)
      served.write("", to: "\(name)/file")
    }
    defer { for name in ["one", "two"] { umount2(served.path(name), CInt(MNT_DETACH)) } }
    try served.client.start()
    var seen: Set<UInt64> = []
    for (fid, name): (UInt32, String) in [(1, "one"), (2, "two")] {
      let walked = try served.client.done(.walk(0, fid, name, "file"))
      let path = try #require(walked.u64(2 + 13 + 5))
      #expect(try served.client.done(.status(fid)).u64(13) == path)
      try served.client.done(.walk(0, fid + 10, name))
      try served.client.done(.open(fid + 10))
      #expect(try served.client.done(.list(fid + 10)).entries.first { $0.name == "file" }?.path == path)
      // What leads up from there is the directory that it is mounted in.
      let up = try served.client.done(.walk(fid + 10, fid + 20, ".."))
      #expect(up.u64(2 + 5) == (try served.client.done(.status(0)).u64(13)))
      seen.formUnion([path, try #require(walked.u64(2 + 5))])
    }
    #expect(seen.count == 4)
  }

  @Test("what the root's own entries say, and names that aren't text")
  func entries() throws {
    let served = try Served()
    let odd: [CChar] = Array((served.path("") as String).utf8CString.dropLast()) + [CChar(bitPattern: 0xff), 10, 27, 0]
    close(open(odd, O_CREAT | O_WRONLY, 0o644))
    mkfifo(served.path("fifo"), 0o644)
    symlink("x", served.path("link"))
    mkdir(served.path("directory"), 0o755)
    try served.client.start()
    try served.client.done(.walk(0, 1))
    try served.client.done(.open(1))
    let entries = try served.client.done(.list(1)).entries
    #expect(entries.count == 6)
    var status = stat()
    stat(served.directory.path, &status)
    for name in [".", ".."] {
      #expect(entries.first { $0.name == name }?.path == UInt64(status.st_ino), "\(name)")
    }
    for (name, type): (String, UInt8) in [("fifo", 1), ("link", 10), ("directory", 4)] {
      #expect(entries.first { $0.name == name }?.type == type)
      #expect(lstat(served.path(name), &status) == 0)
      #expect(entries.first { $0.name == name }?.path == UInt64(status.st_ino))
    }
  }
}
