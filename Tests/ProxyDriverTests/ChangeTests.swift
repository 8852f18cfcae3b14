import CLinux
import Glibc
import HelperHarness
import ProxyDriver
import ProxyProtocol
import Testing

/// What each helper changes of what is there.
@Suite struct ChangeTests {
  @Test(arguments: HelperKind.available)
  func modesAndSizes(kind: HelperKind) throws {
    let share = try Share(kind)
    try share.makeFile("/file", "12345")
    try share.client.changeMode("/file", to: 0o4711)
    #expect(try share.status(onHost: "/file").st_mode == S_IFREG | 0o4711)
    #expect(throws: refused(ENOENT)) { try share.client.changeMode("/none", to: 0o644) }
    for size in [0, 3, 1 << 33] as [Int64] {
      try share.client.truncate("/file", to: size)
      #expect(try share.client.status("/file").size == UInt64(size))
    }
    #expect(throws: refused(EINVAL)) { try share.client.truncate("/file", to: -1) }
    #expect(throws: refused(EISDIR)) { try share.client.truncate("/", to: 0) }
    #expect(throws: refused(ENOENT)) { try share.client.truncate("/none", to: 0) }
  }

  @Test(arguments: HelperKind.available)
  func owners(kind: HelperKind) throws {
    let share = try Share(kind)
    try share.makeFile("/file")
    symlink("file", share.directory.path + "/link")
    try share.own()
    let (uid, gid) = kind.owner
    try share.client.changeOwner("/file", uid: uid, gid: gid)
    #expect((try share.status(onHost: "/file").st_uid, try share.status(onHost: "/file").st_gid) == kind.hostOwner)
    try share.client.changeOwner("/file", uid: .max, gid: .max)
    #expect((try share.client.status("/file").uid, try share.client.status("/file").gid) == kind.owner)
    if kind != .rootless {
      try share.client.changeOwner("/link", uid: 77, gid: .max)
      #expect(try share.status(onHost: "/link").st_uid == 77)
      #expect(try share.status(onHost: "/link").st_gid == 0)
      #expect(try share.status(onHost: "/file").st_uid == uid, "the link's own")
    } else {
      // No such user in its namespace.
      #expect(throws: refused(EOVERFLOW)) { try share.client.changeOwner("/file", uid: 77, gid: .max) }
    }
    #expect(throws: refused(ENOENT)) { try share.client.changeOwner("/none", uid: uid, gid: gid) }
  }

  /// QEMU's driver sends the modification's nanoseconds for both.
  @Test(arguments: HelperKind.available)
  func eachTimeIsItsOwn(kind: HelperKind) throws {
    let share = try Share(kind)
    try share.makeFile("/file")
    symlink("file", share.directory.path + "/link")
    try share.own()
    for (index, name) in (["/file", "/link"] as [Bytes]).enumerated() {
      let access = ProxyProtocol.Time(seconds: 1_000_000 + Int64(index), nanoseconds: 111_111_111)
      let modification = ProxyProtocol.Time(seconds: -5, nanoseconds: 222_222_222)
      try share.client.setTimes(name, access: access, modification: modification)
      let host = try share.status(onHost: name)
      #expect(
        ProxyProtocol.Time(seconds: Int64(host.st_atim.tv_sec), nanoseconds: Int64(host.st_atim.tv_nsec)) == access)
      #expect(
        ProxyProtocol.Time(seconds: Int64(host.st_mtim.tv_sec), nanoseconds: Int64(host.st_mtim.tv_nsec))
          == modification)
      #expect(try share.client.status(name).access == access)
      let unchanged = ProxyProtocol.Time(seconds: 0, nanoseconds: 0x3fff_fffe)
      try share.client.setTimes(name, access: unchanged, modification: ProxyProtocol.Time(seconds: 9, nanoseconds: 8))
      #expect(try share.client.status(name).access == access)
      #expect(try share.client.status(name).modification == ProxyProtocol.Time(seconds: 9, nanoseconds: 8))
    }
    let wrong = ProxyProtocol.Time(seconds: 0, nanoseconds: 1_000_000_000)
    #expect(throws: refused(EINVAL)) { try share.client.setTimes("/file", access: wrong, modification: wrong) }
    let now = ProxyProtocol.Time(seconds: 0, nanoseconds: 0x3fff_ffff)
    #expect(throws: refused(ENOENT)) { try share.client.setTimes("/none", access: now, modification: now) }
  }

  @Test(arguments: HelperKind.available)
  func attributes(kind: HelperKind) throws {
    let share = try Share(kind)
    try share.makeFile("/file")
    #expect(try share.client.attributes("/file") == "")
    #expect(try share.client.attributesSize("/file") == 0)
    #expect(try share.client.attributes("/file", room: 0) == "")
    let value = Bytes((0...255).map { UInt8($0) })
    let name = Bytes(Array("user.".utf8) + [0xff, 0xfe])
    try share.client.setAttribute("/file", name: name, value: value)
    #expect(try share.client.attributeSize("/file", name: name) == 256)
    #expect(try share.client.attribute("/file", name: name) == value)
    #expect(try share.client.attribute("/file", name: name, room: 256) == value)
    #expect(throws: refused(ERANGE)) { try share.client.attribute("/file", name: name, room: 255) }
    #expect(throws: refused(ERANGE)) { try share.client.attribute("/file", name: name, room: 0) }
    let list = Bytes(name.raw + [0])
    #expect(try share.client.attributesSize("/file") == list.raw.count)
    #expect(try share.client.attributes("/file", room: list.raw.count) == list)
    #expect(throws: refused(ERANGE)) { try share.client.attributes("/file", room: list.raw.count - 1) }
    #expect(throws: refused(ERANGE)) { try share.client.attributes("/file", room: 0) }

    #expect(throws: refused(EEXIST)) {
      try share.client.setAttribute("/file", name: name, value: "x", flags: Int32(XATTR_CREATE))
    }
    #expect(throws: refused(ENODATA)) {
      try share.client.setAttribute("/file", name: "user.b", value: "x", flags: Int32(XATTR_REPLACE))
    }
    try share.client.setAttribute("/file", name: name, value: "")
    #expect(try share.client.attributeSize("/file", name: name) == 0)
    #expect(try share.client.attribute("/file", name: name) == "")
    #expect(try share.client.attribute("/file", name: name, room: 0) == "")
    try share.client.removeAttribute("/file", name: name)
    #expect(throws: refused(ENODATA)) { try share.client.removeAttribute("/file", name: name) }
    #expect(throws: refused(ENODATA)) { try share.client.attribute("/file", name: name) }
    #expect(throws: refused(ENODATA)) { try share.client.attributeSize("/file", name: name) }

    for call in [Bytes(""), Bytes("user." + String(repeating: "n", count: 251))] {
      #expect(throws: refused(ERANGE)) { try share.client.attribute("/file", name: call) }
      #expect(throws: refused(ERANGE)) { try share.client.setAttribute("/file", name: call, value: "x") }
      #expect(throws: refused(ERANGE)) { try share.client.removeAttribute("/file", name: call) }
    }
    #expect(throws: refused(EINVAL)) { try share.client.setAttribute("/file", name: "user.a\0", value: "x") }
    #expect(throws: refused(EOPNOTSUPP)) { try share.client.setAttribute("/file", name: "none", value: "x") }
    #expect(throws: refused(ENOENT)) { try share.client.attribute("/none", name: name) }
    #expect(throws: refused(ENOENT)) { try share.client.attributes("/none") }
    #expect(throws: refused(ENOENT)) { try share.client.setAttribute("/none", name: name, value: "x") }
  }

  /// The longest that a request and a reply can say, and one more. Only tmpfs keeps such values without more ado.
  @Test(arguments: HelperKind.available)
  func longValues(kind: HelperKind) throws {
    let share = try Share(kind, in: "/dev/shm")
    try share.makeFile("/f")
    guard setxattr(share.directory.path + "/f", "user.p", "x", 1, 0) == 0 else {
      try Test.cancel("no extended attributes in /dev/shm before Linux 6.6")
    }
    let path = share.directory.path + "/f"
    // Beside its lengths, its path, its name, its size and its flags.
    let most = 65_536 - 6 - 2 - 6 - 8
    let value = (0..<most).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    try share.client.setAttribute("/f", name: "user.v", value: Bytes(value))
    #expect(try share.client.attribute("/f", name: "user.v") == Bytes(value))
    for count in [most + 1, 65_535, 65_536, 70_000] {
      let longer = Bytes([UInt8](repeating: 1, count: count))
      #expect(throws: refused(E2BIG)) { try share.client.setAttribute("/f", name: "user.v", value: longer) }
    }
    #expect(try share.client.attribute("/f", name: "user.v") == Bytes(value), "nothing of it was sent")
    // What only the host could set.
    for (count, error) in [(65_534, nil), (65_535, ENOBUFS), (65_536, ENOBUFS)] as [(Int, Int32?)] {
      let value = [UInt8](repeating: 3, count: count)
      #expect(setxattr(path, "user.v", value, count, 0) == 0)
      #expect(try share.client.attributeSize("/f", name: "user.v") == count)
      if let error {
        #expect(throws: refused(error)) { try share.client.attribute("/f", name: "user.v", room: 65_536) }
        #expect(throws: refused(ERANGE)) { try share.client.attribute("/f", name: "user.v", room: 65_534) }
      } else {
        #expect(try share.client.attribute("/f", name: "user.v", room: 80_000) == Bytes(value))
      }
    }
  }
}
