import Glibc
import HelperHarness
import ProxyProtocol
import Testing

extension AttackTests {
  /// File systems that are mounted below the export.
  @Suite(.enabled(if: hasRoot(), needsRoot)) struct MountTests {
    /// Calls `body` with an export that has in it `memory`, a file system of its own, and `again`, a directory of the
    /// export's own file system that is mounted a second time.
    private func withMounts(_ start: Start, _ body: (Place, borrowing Peer) throws -> Void) throws {
      let place = try Place(start)
      for name in ["memory", "again", "directory"] { try place.make(place.export + "/" + name) }
      for name in ["file", "directory/file"] { try place.makeFile(place.export + "/" + name) }
      let (memory, again) = (place.export + "/memory", place.export + "/again")
      defer { for mount in [memory, again] { umount2(mount, CInt(MNT_DETACH)) } }
      let peer = try place.serve {
        try check(mount("tmpfs", memory, "tmpfs", 0, "mode=0777,uid=\(start.user),gid=\(start.group)"), "mount")
        try check(mount(place.export + "/directory", again, nil, UInt(Glibc.MS_BIND), nil), "mount")
        try place.makeFile(memory + "/file")
        try check(chown(memory + "/file", start.user, start.group), "chown")
      }
      try body(place, peer)
    }

    /// Nothing is renamed or linked from one to another, though two of them are one file system.
    @Test(arguments: Start.all)
    func nothingCrossesThem(start: Start) throws {
      try withMounts(start) { (place: Place, peer: borrowing Peer) throws in
        let places = ["", "/memory", "/again"]
        for from in places {
          for to in places where from != to {
            for type in [RequestType.rename, .link] {
              let message = Message(type, .s(from + "/file"), .s(to + "/new"))
              #expect(try peer.errno(message) == EXDEV, "\(message)")
            }
          }
        }
        for name in ["/memory", "/again"] {
          #expect(try peer.errno(.remove(name)) == EBUSY)
          #expect(try peer.errno(Message(.rename, .s(name), .s("/new"))) == EBUSY)
          #expect(try peer.errno(Message(.rename, .s("/directory"), .s(name))) == EBUSY)
        }
        #expect(try peer.isWell())
      }
    }

    /// The way up from a mount leads to the export, and no further.
    @Test(arguments: Start.all)
    func theirParentIsTheExport(start: Start) throws {
      try withMounts(start) { (place: Place, peer: borrowing Peer) throws in
        let root = try peer.status("/").inode
        for name in ["/memory", "/again"] {
          #expect(try peer.status(name + "/..").inode == root)
          for up in ["/../..", "/../../../.."] {
            #expect(try peer.status(name + up).inode == root)
            for message in Requests.looking(at: Array((name + up + "/outside/x").utf8)) {
              #expect(place.leak(try peer.ask(message)) == nil, "\(message)")
            }
          }
        }
      }
    }

    /// Devices are no more use there than elsewhere in the export.
    @Test(arguments: Start.namespaces)
    func deviceFilesInThemMeanNothing(start: Start) throws {
      try withMounts(start) { (place: Place, peer: borrowing Peer) throws in
        let device = place.export + "/memory/null"
        try check(mknod(device, S_IFCHR | 0o666, 0x103), "mknod")
        try check(chmod(device, 0o666), "chmod")
        #expect(try peer.errno(.open("/memory/null", O_RDWR)) == ENXIO)
        let directory = try peer.descriptor("/memory", O_DIRECTORY)
        #expect(openat(directory.descriptor, "null", O_RDWR | O_CLOEXEC) < 0 && errno == EACCES)
      }
    }
  }
}
