import Export
import Glibc
import HelperHarness
import Linux
import SystemPackage
import Testing

/// The rules that hold for every front end, whatever it asks for.
@Suite struct ObjectTests {
  @Test(arguments: [O_RDONLY, O_WRONLY | O_TRUNC, O_RDWR | O_EXCL])
  func aLinkIsNeverFollowedToCreateAFile(flags: CInt) throws {
    try withObjects { export, directory in
      write("kept", to: directory + "/file")
      symlink("file", directory + "/link")
      symlink("missing", directory + "/dangling")
      for name in ["link", "dangling"] {
        let expected = flags & O_EXCL == 0 ? Errno.tooManySymbolicLinkLevels : .fileExists
        #expect(throws: expected) {
          _ = try export.create(
            name, in: try export.root(), flags: OpenFlags(rawValue: flags), mode: 0o644, as: try myself()
          ).take()
        }
      }
      var status = stat()
      #expect(stat(directory + "/file", &status) == 0 && status.st_size == 4)
      #expect(access(directory + "/missing", F_OK) == -1)
    }
  }

  @Test func whatIsThereIsOpened() throws {
    try withObjects { export, directory in
      write("text", to: directory + "/file")
      mkdir(directory + "/d", 0o755)
      let (old, new) = (try create("file", in: export), try create("new", in: export))
      #expect(old == 4 && new == 0)
      #expect(throws: Errno.isDirectory) { _ = try create("d", in: export) }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func specialFilesAreNeverOpened() throws {
    try withObjects { export, directory in
      mkfifo(directory + "/fifo", 0o666)
      symlink("fifo", directory + "/link")
      let socket = try UnixSocket.bind(path: hostPath(directory + "/socket"))
      for (name, error) in [
        ("fifo", Errno.noSuchAddressOrDevice), ("socket", .noSuchAddressOrDevice), ("link", .tooManySymbolicLinkLevels),
      ] {
        let object = try export.find(name, in: try export.root())
        for flags in [OpenFlags.readOnly, .readWrite, .writeOnly | .truncate, .readOnly | .nonBlocking] {
          #expect(throws: error) { _ = try export.open(object, flags: flags, isRoot: true).take() }
          #expect(throws: error) {
            _ = try export.create(name, in: try export.root(), flags: flags, mode: 0o644, as: try myself())
              .take()
          }
        }
      }
      _ = consume socket
    }
  }

  @Test(arguments: [O_CREAT, 0o10000000 /* O_PATH */, 0o20200000 /* O_TMPFILE */])
  func flagsThatWouldCreateOrOnlyNameAreRefused(flag: CInt) throws {
    try withObjects { export, _ in
      #expect(throws: Errno.invalidArgument) {
        _ = try export.open(try export.root(), flags: OpenFlags(rawValue: flag | O_RDWR), isRoot: true).take()
      }
    }
  }

  @Test func otherBitsOfModesMeanNothing() throws {
    try withObjects { export, _ in
      let root = try export.root()
      let (me, noise) = (try myself(), UInt32(0xfff0_0000))
      let file = try export.create(
        "f", in: root, flags: .readWrite, mode: noise | UInt32(S_IFIFO) | 0o4751, as: me)
      #expect(file.status.mode == UInt32(S_IFREG) | 0o4751)
      let directory = try export.makeDirectory("d", in: root, mode: noise | UInt32(S_IFREG) | 0o751, as: me)
      #expect(directory.mode & ~0o2000 == UInt32(S_IFDIR) | 0o751)
      let fifo = try export.makeNode("p", in: root, mode: noise | UInt32(S_IFIFO) | 0o640, device: 0, as: me)
      #expect(fifo.mode == UInt32(S_IFIFO) | 0o640)
      var change = StatusChange()
      change.mode = noise | UInt32(S_IFDIR) | 0o600
      try export.change(try export.find("f", in: root), by: change, isOpen: false) as Void
      #expect(try export.status(of: try export.find("f", in: root)).mode == UInt32(S_IFREG) | 0o600)
    }
  }

  @Test func aReadOnlyExportIsntChanged() throws {
    try withObjects(readOnly: true, prepare: { write("text", to: $0 + "/f") }) { export, _ in
      let root = try export.root()
      let me = try myself()
      let file = try export.find("f", in: root)
      let value: [UInt8] = [1]
      var change = StatusChange()
      change.mode = 0o600
      #expect(throws: Errno.readOnlyFileSystem) { _ = try export.open(file, flags: .readWrite, isRoot: true).take() }
      #expect(throws: Errno.readOnlyFileSystem) {
        _ = try export.create("f", in: root, flags: .readOnly, mode: 0o644, as: me).take()
      }
      #expect(throws: Errno.readOnlyFileSystem) {
        _ = try export.makeDirectory("d", in: root, mode: 0, as: me)
      }
      #expect(throws: Errno.readOnlyFileSystem) {
        _ = try export.makeNode("p", in: root, mode: UInt32(S_IFIFO), device: 0, as: me)
      }
      #expect(throws: Errno.readOnlyFileSystem) {
        _ = try export.makeSymbolicLink("l", in: root, target: "f", as: me)
      }
      #expect(throws: Errno.readOnlyFileSystem) { try export.link(file, as: "g", in: root) as Void }
      #expect(throws: Errno.readOnlyFileSystem) { try export.rename(file, to: "g", in: root) as Void }
      #expect(throws: Errno.readOnlyFileSystem) {
        try export.rename("f", in: root, to: "g", in: root) as Void
      }
      #expect(throws: Errno.readOnlyFileSystem) {
        try export.remove("f", in: root, isDirectory: false) as Void
      }
      #expect(throws: Errno.readOnlyFileSystem) { try export.remove(file) as Void }
      #expect(throws: Errno.readOnlyFileSystem) { try export.change(file, by: change, isOpen: false) as Void }
      #expect(throws: Errno.readOnlyFileSystem) {
        try export.setAttribute("user.a", of: file, to: value.span, flags: 0)
      }
      #expect(throws: Errno.readOnlyFileSystem) { try export.removeAttribute("user.a", of: file) }
      #expect(try export.open(file, flags: .readOnly, isRoot: true).status.size == 4)
    }
  }

  @Test func anOpenFileHasTheStatusThatOpeningLeaves() throws {
    try withObjects { export, directory in
      write("text", to: directory + "/f")
      let file = try export.find("f", in: try export.root())
      #expect(try export.open(file, flags: .readWrite, isRoot: true).status.size == 4)
      #expect(try export.open(file, flags: .writeOnly | .truncate, isRoot: false).status.size == 0)
    }
  }

  /// - Returns: the size of the file that is opened.
  private func create(_ name: String, in export: borrowing Export) throws -> UInt64 {
    let file = try export.create(
      name, in: try export.root(), flags: .readWrite, mode: 0o644, as: try myself())
    return file.status.size
  }
}
