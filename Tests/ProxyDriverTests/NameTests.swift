import Glibc
import HelperHarness
import Linux
import ProxyDriver
import Testing

/// What each helper makes, names and removes.
@Suite struct NameTests {
  @Test(arguments: HelperKind.available)
  func whatIsMadeIsItsOwners(kind: HelperKind) throws {
    let share = try Share(kind)
    let (uid, gid) = kind.owner
    let file = try share.client.create("/file", flags: O_RDWR | O_EXCL, mode: 0o640, uid: uid, gid: gid)
    #expect(write(file.rawValue, "x", 1) == 1)
    try share.client.makeDirectory("/directory", mode: 0o750, uid: uid, gid: gid)
    try share.client.makeSymbolicLink("/link", target: "file", uid: uid, gid: gid)
    try share.client.makeNode("/fifo", mode: S_IFIFO | 0o600, uid: uid, gid: gid)
    try share.client.makeNode("/socket", mode: S_IFSOCK | 0o600, uid: uid, gid: gid)
    try share.client.makeNode("/regular", mode: S_IFREG | 0o604, uid: uid, gid: gid)
    let modes = [
      ("/file", S_IFREG | 0o640), ("/directory", S_IFDIR | 0o750), ("/link", S_IFLNK | 0o777),
      ("/fifo", S_IFIFO | 0o600),
      ("/socket", S_IFSOCK | 0o600), ("/regular", S_IFREG | 0o604),
    ]
    for (name, mode) in modes {
      let (host, status) = (try share.status(onHost: Bytes(name)), try share.client.status(Bytes(name)))
      #expect(host.st_mode == mode && status.mode == mode, "\(name)")
      #expect((host.st_uid, host.st_gid) == kind.hostOwner, "\(name)")
      #expect((status.uid, status.gid) == kind.owner, "\(name)")
      switch name {
      case "/file":
        #expect(throws: refused(EEXIST)) { _ = try share.client.create("/file", flags: O_RDWR | O_EXCL) }
      case "/directory": #expect(throws: refused(EEXIST)) { try share.client.makeDirectory("/directory") }
      case "/link": #expect(throws: refused(EEXIST)) { try share.client.makeSymbolicLink("/link", target: "x") }
      default: #expect(throws: refused(EEXIST)) { try share.client.makeNode(Bytes(name), mode: S_IFIFO | 0o600) }
      }
    }
    #expect(throws: refused(ENOENT)) { _ = try share.client.create("/none/file", flags: O_RDWR) }
    #expect(throws: refused(ENOENT)) { try share.client.makeDirectory("/none/directory") }
    #expect(throws: refused(EISDIR)) { _ = try share.client.create("/directory", flags: O_RDWR) }
  }

  @Test(arguments: HelperKind.privileged)
  func devicesHaveTheirNumbers(kind: HelperKind) throws {
    let share = try Share(kind)
    try share.client.makeNode("/null", mode: S_IFCHR | 0o666, device: 1 << 8 | 3)
    #expect(try share.status(onHost: "/null").st_rdev == 1 << 8 | 3)
    #expect(try share.client.status("/null").specialDevice == 1 << 8 | 3)
  }

  /// To the original -1 means its own identity: root's.
  @Test(arguments: HelperKind.available)
  func nobodyIsNobody(kind: HelperKind) throws {
    let share = try Share(kind)
    for (uid, gid) in [(UInt32.max, 0), (0, UInt32.max)] as [(UInt32, UInt32)] {
      #expect(throws: refused(EINVAL)) { _ = try share.client.create("/a", flags: O_RDWR, uid: uid, gid: gid) }
      #expect(throws: refused(EINVAL)) { try share.client.makeDirectory("/a", uid: uid, gid: gid) }
      #expect(throws: refused(EINVAL)) { try share.client.makeSymbolicLink("/a", target: "x", uid: uid, gid: gid) }
      #expect(throws: refused(EINVAL)) { try share.client.makeNode("/a", mode: S_IFIFO, uid: uid, gid: gid) }
    }
    #expect(Tree.names(in: share.directory.path).isEmpty)
  }

  @Test(arguments: HelperKind.available)
  func linksAndNewNames(kind: HelperKind) throws {
    let share = try Share(kind)
    try share.makeFile("/file")
    let inode = try share.client.status("/file").inode
    try share.client.link("/file", as: "/second")
    #expect(try share.client.status("/second").inode == inode)
    #expect(try share.client.status("/file").links == 2)
    try share.client.rename("/second", to: "/third")
    #expect(try share.client.status("/third").inode == inode)
    #expect(throws: refused(ENOENT)) { try share.client.status("/second") }
    #expect(throws: refused(EEXIST)) { try share.client.link("/file", as: "/third") }
    #expect(throws: refused(ENOENT)) { try share.client.link("/none", as: "/x") }
    #expect(throws: refused(ENOENT)) { try share.client.rename("/none", to: "/x") }
    try share.client.makeDirectory("/directory")
    try share.client.makeDirectory("/directory/below")
    #expect(throws: refused(EISDIR)) { try share.client.rename("/file", to: "/directory") }
    #expect(throws: refused(EINVAL)) { try share.client.rename("/directory", to: "/directory/below/x") }
    #expect(throws: refused(ENOTEMPTY)) { try share.client.remove("/directory") }
    try share.client.remove("/directory/below")
    try share.client.remove("/directory")
    try share.client.remove("/third")
    try share.client.remove("/file")
    #expect(throws: refused(ENOENT)) { try share.client.remove("/file") }
    #expect(Tree.names(in: share.directory.path).isEmpty)
  }

  /// Names are bytes, each but NUL and the slash.
  @Test(arguments: HelperKind.available)
  func everyByteIsAName(kind: HelperKind) throws {
    let share = try Share(kind)
    let name = Bytes([UInt8(ascii: "/")] + (1...255).filter { $0 != UInt8(ascii: "/") })
    try share.client.makeDirectory(name)
    #expect(try share.status(onHost: name).st_mode & S_IFMT == S_IFDIR)
    let file = Bytes(name.raw + [UInt8(ascii: "/"), 0xff, 0xc3, 0x28])
    _ = try share.client.create(file, flags: O_RDWR)
    #expect(try share.client.status(file).inode == UInt64(share.status(onHost: file).st_ino))
    let link = Bytes([UInt8(ascii: "/"), 0x80])
    try share.client.rename(file, to: link)
    _ = try share.client.open(link, flags: O_RDONLY)
    try share.client.remove(link)
    try share.client.remove(name)
  }

  @Test(arguments: HelperKind.available)
  func whatTheWireCannotSayIsRefused(kind: HelperKind) throws {
    let share = try Share(kind)
    #expect(throws: refused(ENOENT)) { try share.client.status("") }
    #expect(throws: refused(ENOENT)) { try share.client.makeSymbolicLink("/a", target: "") }
    for path in ["/a\0b", "\0", "/a\0"] as [Bytes] {
      #expect(throws: refused(EINVAL)) { try share.client.status(path) }
      #expect(throws: refused(EINVAL)) { _ = try share.client.create(path, flags: O_RDWR) }
      #expect(throws: refused(EINVAL)) { try share.client.rename("/b", to: path) }
      #expect(throws: refused(EINVAL)) { try share.client.makeSymbolicLink("/a", target: path) }
    }
    #expect(throws: refused(ENAMETOOLONG)) { try share.client.status(Bytes("/" + String(repeating: "n", count: 256))) }
    let long = Bytes([UInt8](repeating: UInt8(ascii: "/"), count: 65_536))
    #expect(throws: refused(ENAMETOOLONG)) { try share.client.status(long) }
    let half = Bytes([UInt8](repeating: UInt8(ascii: "/"), count: 40_000))
    #expect(throws: refused(ENAMETOOLONG)) { try share.client.link(half, as: half) }
    #expect(try share.client.status("/").mode & S_IFMT == S_IFDIR, "nothing of it was sent")
    #expect(Tree.names(in: share.directory.path).isEmpty)
  }

  /// The original refuses paths of PATH_MAX bytes and more; ours walks them.
  @Test(arguments: HelperKind.available)
  func longPaths(kind: HelperKind) throws {
    let share = try Share(kind)
    let name = "/" + String(repeating: "d", count: 200)
    var path = ""
    while path.utf8.count + name.utf8.count < 4000 {
      path += name
      try share.client.makeDirectory(Bytes(path))
    }
    #expect(try share.client.status(Bytes(path)).mode & S_IFMT == S_IFDIR)
    path += name
    if kind == .stock {
      #expect(throws: refused(ENAMETOOLONG)) { try share.client.makeDirectory(Bytes(path + name)) }
    } else {
      for _ in 0..<3 {
        try share.client.makeDirectory(Bytes(path))
        path += name
      }
      _ = try share.client.create(Bytes(path), flags: O_RDWR)
      #expect(try share.client.status(Bytes(path)).size == 0)
    }
  }
}
