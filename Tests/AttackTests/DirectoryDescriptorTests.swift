import Glibc
import HelperHarness
import Testing

extension AttackTests {
  /// What a client can do with the descriptors of directories that it was sent, which are out of the helper's hands.
  ///
  /// The client is the test itself: with root's rights, so that only the boundary can be in its way.
  @Suite struct DirectoryDescriptorTests {
    private static let ways = ["..", "../..", "../../..", "../outside", "./../d/../..", "up", "up/..", "absolute"]

    private func prepared(_ start: Start) throws -> Place {
      let place = try Place(start)
      try place.make(place.export + "/d")
      try place.make(place.export + "/d/e")
      try place.makeFile(place.export + "/file")
      for directory in ["", "d/", "d/e/"] {
        try place.makeLink("../../..", directory + "up")
        try place.makeLink("../outside", directory + "absolute")
      }
      return place
    }

    /// Whether a walk upwards from a descriptor finds what is beside the export, or the host's root.
    private func leadsOutside(_ directory: OpenFile, _ place: Place) -> Bool {
      var hosts = stat()
      stat("/", &hosts)
      return Self.ways.contains { way in
        let up = openat(directory.descriptor, way, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard up >= 0 else { return false }
        defer { close(up) }
        var status = stat()
        let isRoot = fstat(up, &status) == 0 && status.st_dev == hosts.st_dev && status.st_ino == hosts.st_ino
        return isRoot || place.isOutside(up) || faccessat(up, "secret", F_OK, 0) == 0
          || faccessat(up, "etc/passwd", F_OK, 0) == 0
      }
    }

    @Test(arguments: Start.namespaces)
    func theyLeadNowhere(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      for path in ["/", "/d", "/d/e"] {
        for flags in [O_RDONLY, O_RDONLY | O_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW] {
          #expect(try !leadsOutside(peer.descriptor(path, flags), place), "\(path)")
        }
      }
      let root = try peer.descriptor("/")
      #expect(faccessat(root.descriptor, "file", F_OK, 0) == 0)
      #expect(faccessat(root.descriptor, "../../file", F_OK, 0) == 0, "its parent is itself")
      #expect(place.damage() == nil)
    }

    /// Why `namespace` is the default, and that the test above can fail: being chrooted is a property of the helper, and
    /// its client isn't.
    @Test(arguments: Start.all.filter { $0.sandbox == "chroot" })
    func underChrootTheyLeadOutside(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      #expect(try leadsOutside(peer.descriptor("/"), place))
    }

    /// The host moves directories out of the export while the client holds them.
    @Test(arguments: Start.namespaces)
    func whatIsMovedOutLeadsNowhere(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      let (upper, lower) = (try peer.descriptor("/d", O_DIRECTORY), try peer.descriptor("/d/e", O_DIRECTORY))
      let moved = place.directory.path + "/moved"
      try check(rename(place.export + "/d", moved), "rename")
      for directory in [upper, lower] {
        #expect(!leadsOutside(directory, place))
        // Nor is anything made on the way.
        for way in ["../new", "../../new", "../outside/new"] {
          #expect(mkdirat(directory.descriptor, way, 0o777) < 0)
          #expect(linkat(directory.descriptor, way, directory.descriptor, "taken", 0) < 0)
        }
      }
      #expect(try peer.isWell())
      try check(rename(moved, place.export + "/d"), "rename back")
      #expect(place.damage() == nil)
    }

    /// A client with a right to both places can't carry anything over the boundary: they are different mounts.
    @Test(arguments: Start.namespaces)
    func nothingIsCarriedOverTheBoundary(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      let root = try peer.descriptor("/", O_DIRECTORY)
      let host = open(place.outside, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      defer { close(host) }
      #expect(renameat(root.descriptor, "d", host, "d") < 0 && errno == EXDEV)
      #expect(renameat(host, "x", root.descriptor, "x") < 0 && errno == EXDEV)
      #expect(linkat(root.descriptor, "file", host, "file", 0) < 0 && errno == EXDEV)
      #expect(linkat(host, "x", root.descriptor, "x", 0) < 0 && errno == EXDEV)
      #expect(place.damage() == nil)
    }

    /// What the mount doesn't let files be, also for who reaches them by a descriptor.
    @Test(.enabled(if: hasRoot(), needsRoot), arguments: Start.namespaces)
    func deviceFilesAndProgramsMeanNothingThere(start: Start) throws {
      let place = try prepared(start)
      try check(mknod(place.export + "/null", S_IFCHR | 0o666, 0x103), "mknod")
      try check(chmod(place.export + "/null", 0o666), "chmod")
      try check(chmod(place.export + "/file", 0o4755), "chmod")
      let peer = try place.serve()
      let root = try peer.descriptor("/", O_DIRECTORY)
      for flags in [O_RDONLY, O_RDWR, O_RDONLY | O_NONBLOCK] {
        #expect(openat(root.descriptor, "null", flags | O_CLOEXEC) < 0 && errno == EACCES)
      }
      #expect(faccessat(root.descriptor, "file", X_OK, 0) < 0 && errno == EACCES)
      var status = statvfs()
      try check(fstatvfs(root.descriptor, &status), "fstatvfs")
      // ST_NOSUID, ST_NODEV and ST_NOEXEC, which glibc shows to GNU programs only.
      #expect(status.f_flag & 14 == 14)
    }
  }
}
