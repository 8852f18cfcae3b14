import CLinux
import Foundation
import Testing

/// Looks from the host at what the guest-suite's group `left` made: nothing of it may differ from a local file.
func checkWhatIsLeft(in directory: URL) {
  func path(_ name: String) -> String { directory.appendingPathComponent(name).path }
  func status(_ name: String, sourceLocation: SourceLocation) -> stat {
    var seen = stat()
    #expect(lstat(path(name), &seen) == 0, "\(name) is missing", sourceLocation: sourceLocation)
    return seen
  }
  func expect(
    _ name: String, _ mode: mode_t, _ user: uid_t = 0, _ group: gid_t = 0, links: Int? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let seen = status(name, sourceLocation: sourceLocation)
    #expect(
      String(seen.st_mode, radix: 8) == String(mode, radix: 8), "mode of \(name)", sourceLocation: sourceLocation)
    #expect("\(seen.st_uid):\(seen.st_gid)" == "\(user):\(group)", "owner of \(name)", sourceLocation: sourceLocation)
    if let links { #expect(Int(seen.st_nlink) == links, "links of \(name)", sourceLocation: sourceLocation) }
  }
  func expectContents(_ name: String, _ wanted: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
    let seen = FileManager.default.contents(atPath: path(name)) ?? Data()
    #expect(seen.elementsEqual(wanted), "contents of \(name)", sourceLocation: sourceLocation)
  }
  func expectTarget(_ name: String, _ wanted: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let seen = try? FileManager.default.destinationOfSymbolicLink(atPath: path(name))
    #expect(seen == wanted, "target of \(name)", sourceLocation: sourceLocation)
  }

  expect("", S_IFDIR | 0o755)
  expect("file", S_IFREG | 0o644, links: 2)
  expect("hard", S_IFREG | 0o644, links: 2)
  expectContents("hard", Array("left by the guest\n".utf8))
  expect("owned", S_IFREG | 0o640, 1234, 4321)
  expect("setuid", S_IFREG | 0o4755)
  expect("big", S_IFREG | 0o600, links: 1)
  expectContents("big", pattern(3_000_001, seed: 42))
  expect(String(repeating: "n", count: 255), S_IFREG | 0o644)
  #expect(access(path("gone"), F_OK) == -1)
  var seen = stat()
  let odd = directory.path.utf8CString.dropLast() + [0x2f, CChar(bitPattern: 0xff), 10, 32, 0]
  #expect(lstat(Array(odd), &seen) == 0, "the name that isn't text is missing")

  expect("directory", S_IFDIR | 0o751)
  expect("sticky", S_IFDIR | 0o1777)
  expect("sticky/user", S_IFREG | 0o640, 1000, 100)
  expectContents("sticky/user", Array("by 1000".utf8))
  expect("sticky/directory", S_IFDIR | 0o700, 1000, 100)
  expect("sticky/link", S_IFLNK | 0o777, 1000, 100)
  expectTarget("sticky/link", "user")
  expect("group", S_IFDIR | 0o2775, 0, 777)
  expect("group/file", S_IFREG | 0o644, 0, 777)
  expect("group/directory", S_IFDIR | 0o2755, 0, 777)

  expectTarget("link", "/etc/passwd")
  expect("fifo", S_IFIFO | 0o644)
  expect("socket", S_IFSOCK | 0o755)
  expect("character", S_IFCHR | 0o666)
  #expect(status("character", sourceLocation: #_sourceLocation).st_rdev == 1 << 8 | 3)
  expect("block", S_IFBLK | 0o640)
  // 259 and 70000: the low eight bits of the minor number stand apart from the rest.
  let number: dev_t = 259 << 8 | 70_000 & 0xff | (70_000 & ~0xff) << 12
  #expect(status("block", sourceLocation: #_sourceLocation).st_rdev == number)

  let times = status("times", sourceLocation: #_sourceLocation)
  // Whole seconds are all that the guest's client sends.
  #expect(times.st_atim.tv_sec == 1_000_000_000)
  #expect(times.st_mtim.tv_sec == 1_234_567_890)
  var value = [UInt8](repeating: 0, count: 8)
  #expect(getxattr(path("attributes"), "user.guest", &value, 8) == 3)
  #expect(value.prefix(3) == [1, 0, 255])
}

/// The bytes that the guest-suite's `pattern` makes.
private func pattern(_ count: Int, seed: UInt64) -> [UInt8] {
  var state = seed
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(truncatingIfNeeded: state >> 56)
  }
}
