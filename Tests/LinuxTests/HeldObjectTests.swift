import CLinux
import Glibc
import HelperHarness
import Linux
import SystemPackage
import Testing

/// What is relied upon of the kernel where objects are held by descriptors that only name them.
@Suite(.serialized) struct HeldObjectTests {
  /// Calls `body` with a directory, on a thread whose working directory has the links to open files.
  private func withDirectory(_ body: @escaping @Sendable (TemporaryDirectory, borrowing Descriptor) throws -> Void)
    throws
  {
    let directory = try TemporaryDirectory()
    try onOwnThread(in: "/") {
      let root = try Descriptor.directory(hostPath(directory.path).bytes)
      _ = try DescriptorLinks.inPlace().enter()
      try body(directory, root)
    }
  }

  private func name(_ text: String) throws -> Path {
    var path = Path()
    let bytes = Array(text.utf8)
    try path.set(bytes.span)
    return path
  }

  private func make(_ path: String, _ text: String = "text") {
    let file = open(path, O_CREAT | O_WRONLY, 0o644)
    _ = write(file, text, text.utf8.count)
    close(file)
  }

  @Test func theLinkIsTheObjectWhateverHasItsName() throws {
    try withDirectory { directory, root in
      make(directory.path + "/file")
      let held = try root.find(try name("file"))
      unlink(directory.path + "/file")
      symlink("/etc/passwd", directory.path + "/file")
      let before = try held.status()
      #expect(try held.reopen(.readWrite).status().inode == before.inode)
      try held.chmod(to: 0o600)
      try held.truncate(to: 2)
      try held.utimens(access: Time(seconds: 1, nanoseconds: 2), modification: Time(seconds: 3, nanoseconds: 4))
      #expect(try held.status().mode & 0o7777 == 0o600)
      #expect(try held.status().size == 2)
      #expect(try held.status().modification == Time(seconds: 3, nanoseconds: 4))
      // Nothing has it any more, so nothing can get it.
      #expect(throws: Errno.noSuchFileOrDirectory) { try held.link(into: root, name: try name("again")) }
    }
  }

  @Test func aMountIsSoonFoundAgainHoweverMuchOfAPathHasGone() throws {
    try withDirectory { directory, root in
      let (mount, depth) = (try root.mountID(), 900)
      let top = directory.path + "/top"
      func make(_ depth: Int) throws -> Descriptor {
        var path = top
        for _ in 0..<depth {
          mkdir(path, 0o755)
          path += "/d"
        }
        return try Descriptor.directory(hostPath(String(path.dropLast(2))).bytes)
      }
      /// The shortest time that looking takes.
      func time(_ object: borrowing Descriptor) throws -> Double {
        var best = Double.infinity
        for _ in 0..<5 {
          let start = now()
          let isThere = try object.isReachable(on: mount)
          best = min(best, now() - start)
          #expect(isThere)
          #expect(try !object.isReachable(on: mount + 1_000_000))
        }
        return best
      }
      let held = try make(depth)
      let normal = try time(held)
      // None of its directories is there any more, and then half of them by name.
      removeTree(top)
      #expect(try time(held) < 40 * normal)
      _ = try make(depth / 2)
      #expect(try time(held) < 40 * normal)
    }
  }

  @Test func aSymbolicLinkIsNamedAndNeverFollowed() throws {
    try withDirectory { directory, root in
      make(directory.path + "/file")
      symlink("file", directory.path + "/link")
      let held = try root.find(try name("link"))
      #expect(try held.status().kind == .symbolicLink)
      #expect(throws: Errno.tooManySymbolicLinkLevels) { _ = try held.reopen(.readOnly) }
      #expect(throws: Errno.notSupportedOnSocket) { try held.chmod(to: 0o777) }
      try held.link(into: root, name: try name("hard"))
      #expect(try root.find(try name("hard")).status().inode == held.status().inode)
      #expect(throws: Errno.tooManySymbolicLinkLevels) { _ = try root.find(try name("link/")) }
      #expect(throws: Errno.improperLink) { _ = try root.find(try name("..")) }
    }
  }

  @Test func aFIFOIsNotTruncatedAndNothingWaitsForIt() throws {
    try withDirectory { directory, root in
      mkfifo(directory.path + "/fifo", 0o600)
      let held = try root.find(try name("fifo"))
      #expect(throws: Errno.invalidArgument) { try held.truncate(to: 0) }
      #expect(throws: Errno.noSuchFileOrDirectory) {
        var space: InlineArray<8, UInt8> = .init(repeating: 0)
        var span = space.mutableSpan
        _ = try held.readlink(into: &span)
      }
    }
  }

  @Test(.enabled(if: hasRoot(), "needs root: the kernel lets nobody else change identity"))
  func theLinksAreThisProcesssWhoeverTheThreadIs() throws {
    try withDirectory { directory, root in
      make(directory.path + "/file")
      chmod(directory.path + "/file", 0o644)
      let held = try root.find(try name("file"))
      try Linux.Thread.become(ThreadUser(try Identity(uid: 1000, gid: 1000)))
      _ = try held.reopen(.readOnly)
      #expect(throws: Errno.permissionDenied) { _ = try held.reopen(.readWrite) }
    }
  }

  @Test(.enabled(if: hasRoot(), "needs root: CAP_SYS_ADMIN"))
  func theLinksApartLeadNowhereElse() throws {
    try onOwnThread(in: "/") {
      _ = try DescriptorLinks.apart().enter()
      var (here, above) = (stat(), stat())
      #expect(stat(".", &here) == 0 && stat("../../..", &above) == 0)
      #expect(here.st_ino == above.st_ino && here.st_dev == above.st_dev)
      #expect(access("../environ", F_OK) == -1)
      let file = Descriptor(adopting: open("/etc/passwd", O_RDONLY | O_CLOEXEC))
      #expect(try file.reopen(.readOnly).status().inode == file.status().inode)
    }
  }

  @Test(.enabled(if: hasRoot(), "needs root, to leave supplementary groups"))
  func becomingAUserIsTheThreadsAlone() throws {
    let (uid, gid) = (geteuid(), getegid())
    try onOwnThread(in: "/") {
      try Linux.Thread.become(ThreadUser(try Identity(uid: uid, gid: gid)))
      #expect(try ThreadCapabilities.current().permitted == .none)
    }
    #expect(try ThreadCapabilities.current().permitted != .none)
  }

  @Test func entriesAreReadInPartsAndAgain() throws {
    try withDirectory { directory, root in
      for number in 0..<300 { make(directory.path + "/\(number)", "") }
      let opened = try root.reopen(.readOnly | .directory)
      var buffer = Buffer(capacity: 500)
      func read(from start: UInt64) throws -> [(String, UInt64)] {
        var seen: [(String, UInt64)] = []
        try opened.lseek(to: start)
        while true {
          var space = buffer.mutableSpan(0..<500)
          let count = try opened.getdents64(into: &space)
          if count == 0 { return seen }
          var entries = KernelEntries(buffer.span(0..<count))
          while let entry = entries.next() {
            let bytes = entry.name.indices.map { entry.name[$0] }
            seen.append((String(decoding: bytes, as: UTF8.self), entry.cookie))
          }
        }
      }
      let all = try read(from: 0)
      #expect(Set(all.map(\.0)) == Set((0..<300).map { "\($0)" } + [".", ".."]))
      #expect(try read(from: all[150].1).map(\.0) == all[151...].map(\.0))
    }
  }
}
