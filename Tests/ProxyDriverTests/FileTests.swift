import CLinux
import Glibc
import HelperHarness
import Linux
import ProxyDriver
import ProxyProtocol
import Testing

/// What each helper says of files, and what opening them gives.
@Suite struct FileTests {
  @Test(arguments: HelperKind.available)
  func aStatusIsTheHosts(kind: HelperKind) throws {
    let share = try Share(kind)
    try share.makeFile("/file", "12345")
    for name in ["/file", "/", "//file"] as [Bytes] {
      let host = try share.status(onHost: name)
      let status = try share.client.status(name)
      #expect(status.inode == UInt64(host.st_ino))
      #expect(status.mode == host.st_mode)
      #expect(status.links == UInt64(host.st_nlink))
      #expect(status.size == UInt64(host.st_size))
      #expect(status.blocks == UInt64(host.st_blocks))
      #expect(status.modification.seconds == host.st_mtim.tv_sec)
      #expect(status.modification.nanoseconds == host.st_mtim.tv_nsec)
      #expect(status.change.nanoseconds == host.st_ctim.tv_nsec)
      if kind != .rootless { #expect(status.uid == host.st_uid && status.gid == host.st_gid) }
    }
    #expect(throws: refused(ENOENT)) { try share.client.status("/none") }
    #expect(throws: refused(ENOTDIR)) { try share.client.status("/file/below") }
    #expect(try share.client.status("/file").size == 5, "a refusal changes nothing")
  }

  @Test(arguments: HelperKind.available)
  func aFileSystemsStatusIsTheHosts(kind: HelperKind) throws {
    let share = try Share(kind)
    var host = statfs()
    #expect(cl_statfs(share.directory.path, &host) == 0)
    let status = try share.client.fileSystemStatus("/")
    #expect(status.type == UInt64(host.f_type))
    #expect(status.blockSize == UInt64(host.f_bsize))
    #expect(status.blocks == UInt64(host.f_blocks))
    #expect(status.files == UInt64(host.f_files))
    #expect(status.nameLength == UInt64(host.f_namelen))
    #expect(throws: refused(ENOENT)) { try share.client.fileSystemStatus("/none") }
  }

  @Test(arguments: HelperKind.available)
  func aGenerationIsTheInodes(kind: HelperKind) throws {
    let share = try Share(kind)
    try share.makeFile("/file")
    let file = try share.client.open("/file", flags: O_RDONLY)
    var generation: UInt32 = 0
    let isKept = cl_get_generation(file.rawValue, &generation) == 0
    #expect(UInt32(truncatingIfNeeded: try share.client.generation("/file")) == (isKept ? generation : 0))
    // The original has an answer for whatever name it gets.
    if kind != .stock { #expect(throws: refused(ENOENT)) { try share.client.generation("/none") } }
  }

  @Test(arguments: HelperKind.available)
  func anOpenFileIsTheCallers(kind: HelperKind) throws {
    let share = try Share(kind)
    try share.makeFile("/file", "hello")
    let file = try share.client.open("/file", flags: O_RDWR)
    #expect(fcntl(file.rawValue, F_GETFD) & FD_CLOEXEC != 0)
    var text = [UInt8](repeating: 0, count: 10)
    #expect(pread(file.rawValue, &text, 10, 0) == 5)
    #expect(pwrite(file.rawValue, "world", 5, 5) == 5)
    #expect(try share.client.status("/file").size == 10)
    let directory = try share.client.open("/", flags: O_RDONLY | O_DIRECTORY)
    #expect(faccessat(directory.rawValue, "file", F_OK, 0) == 0)

    #expect(throws: refused(ENOENT)) { _ = try share.client.open("/none", flags: O_RDONLY) }
    #expect(throws: refused(ENOTDIR)) { _ = try share.client.open("/file", flags: O_RDONLY | O_DIRECTORY) }
    #expect(throws: refused(EISDIR)) { _ = try share.client.open("/", flags: O_RDWR) }
    try share.client.makeNode("/fifo", mode: S_IFIFO | 0o644)
    #expect(throws: refused(ENXIO)) { _ = try share.client.open("/fifo", flags: O_RDONLY | O_NONBLOCK) }
    symlink("loop", share.directory.path + "/loop")
    #expect(throws: refused(ELOOP)) { _ = try share.client.open("/loop", flags: O_RDONLY) }
  }

  /// Before it is sent: the original makes a file of root's with whatever mode.
  @Test(arguments: HelperKind.available)
  func openingMakesNothing(kind: HelperKind) throws {
    let share = try Share(kind)
    for flags in [O_CREAT | O_RDWR, cl_o_tmpfile | O_RDWR, cl_o_path] {
      #expect(throws: refused(EINVAL)) { _ = try share.client.open("/new", flags: flags) }
      #expect(throws: refused(EINVAL)) { _ = try share.client.open("/", flags: flags) }
    }
    #expect(Tree.names(in: share.directory.path).isEmpty)
  }

  @Test(arguments: HelperKind.available)
  func aTargetIsReadWhole(kind: HelperKind) throws {
    let share = try Share(kind)
    let targets = [[0xff, 0xfe, 0x2f], Array("x".utf8), [UInt8](repeating: UInt8(ascii: "t"), count: 4095)]
    for (index, target) in targets.enumerated() {
      let name = Bytes("/link\(index)")
      try share.client.makeSymbolicLink(name, target: Bytes(target))
      #expect(try share.client.readLink(name) == Bytes(target))
      #expect(try share.client.readLink(name, room: target.count) == Bytes(target))
      #expect(try share.client.readLink(name, room: 70_000) == Bytes(target))
      #expect(throws: refused(ERANGE)) { try share.client.readLink(name, room: target.count - 1) }
    }
    try share.makeFile("/file")
    #expect(throws: refused(EINVAL)) { try share.client.readLink("/file") }
    #expect(throws: refused(ENOENT)) { try share.client.readLink("/none") }
  }
}
