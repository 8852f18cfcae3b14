import CLinux
import Glibc
import HelperHarness
import Linux
import SystemPackage
import Testing

/// What is relied upon of the kernel, each fact by itself.
@Suite(.serialized) struct KernelFactTests {
  static let root: Comment = "needs root: the kernel lets nobody else change identity"

  @Test func askingForAnInvalidIdChangesNothing() {
    #expect(cl_setfsuid(.max) == geteuid())
    #expect(cl_setfsuid(.max) == geteuid())
    #expect(cl_setfsgid(.max) == getegid())
  }

  @Test(.enabled(if: hasRoot(), root))
  func fsuidIsTheThreadsOwn() throws {
    try onOwnThread(in: "/") {
      _ = cl_setfsuid(1000)
      #expect(cl_setfsuid(.max) == 1000)
      try onOwnThread(in: "/") { #expect(cl_setfsuid(.max) == 1000, "a new thread inherits it") }
      _ = cl_setfsuid(0)
    }
    #expect(cl_setfsuid(.max) == 0)
  }

  @Test(.enabled(if: hasRoot(), root))
  func leavingFsuid0TakesTheFileCapabilities() throws {
    try onOwnThread(in: "/") {
      let before = try ThreadCapabilities.current()
      _ = cl_setfsuid(1000)
      let held = try ThreadCapabilities.current()
      #expect(held.effective & (.dacOverride | .mknod | .fsetid) == .none)
      #expect(held.permitted == before.permitted)
      _ = cl_setfsuid(0)
      #expect(try ThreadCapabilities.current() == before)
    }
  }

  /// A listener or connection that is shut down ends every wait on it, those that start later too.
  @Test func shuttingDownAListenerEndsAccept() throws {
    let directory = try TemporaryDirectory()
    let socket = try UnixSocket.bind(path: hostPath(directory.path + "/s"))
    try socket.listen()
    shutdown(socket.rawValue, CInt(SHUT_RDWR))
    #expect(throws: Errno.invalidArgument) { _ = try socket.accept() }
  }

  /// A socket of another type learns that there is one, and isn't its client.
  @Test func connectingByTheWrongTypeDisturbsNobody() throws {
    let directory = try TemporaryDirectory()
    let path = hostPath(directory.path + "/s")
    do {
      let socket = try UnixSocket.bind(path: path)
      #expect(!UnixSocket.isAbandoned(path: path))
      try socket.listen()
      #expect(!UnixSocket.isAbandoned(path: path))
      try socket.setStatusFlags(OpenFlags(rawValue: O_NONBLOCK))
      #expect(throws: Errno.wouldBlock) { _ = try socket.accept() }
    }
    #expect(UnixSocket.isAbandoned(path: path))
  }

  /// In a mount of a directory, `..` of what was moved out of that directory fails, also further down; it works again
  /// once that is back. So a mount namespace with no other mount needs no check of where `..` leads.
  @Test(.enabled(if: hasRoot(), "needs root: CAP_SYS_ADMIN"))
  func aDirectoryMovedOutOfItsMountHasNoParent() throws {
    let directory = try TemporaryDirectory()
    for name in ["/export", "/export/a", "/export/a/b", "/outside"] { mkdir(directory.path + name, 0o755) }
    try onOwnThread(in: directory.path + "/export") {
      let mount = try Mount.clone()
      let moved = try mount.find(try path("a"))
      let below = try moved.find(try path("b"))
      #expect(rename(directory.path + "/export/a", directory.path + "/outside/a") == 0)
      #expect(throws: Errno.noSuchFileOrDirectory) { _ = try moved.parent() }
      #expect(throws: Errno.noSuchFileOrDirectory) { _ = try below.parent() }
      #expect(throws: Errno.noSuchFileOrDirectory) { _ = try moved.find(try path("b")).parent() }
      #expect(openat(moved.rawValue, "../..", O_RDONLY) == -1)
      #expect(rename(directory.path + "/outside/a", directory.path + "/export/a") == 0)
      let found = try [below.parent().status(), moved.parent().status(), mount.parent().status()]
      #expect(try found[0].isSame(as: moved.status()))
      #expect(try found[1].isSame(as: mount.status()))
      #expect(try found[2].isSame(as: mount.status()))
    }
  }

  private func path(_ name: String) throws -> Path {
    var path = Path()
    let bytes = Array(name.utf8)
    try path.set(bytes.span)
    return path
  }

  /// `..` of the root of a mount that stands nowhere is that root.
  @Test(.enabled(if: hasRoot(), "needs root: CAP_SYS_ADMIN"))
  func aDetachedMountHasNoParent() throws {
    let directory = try TemporaryDirectory()
    mkdir(directory.path + "/inside", 0o755)
    try onOwnThread(in: directory.path) {
      let mount = try Mount.clone()
      let up = openat(mount.rawValue, "../..", O_RDONLY | O_DIRECTORY)
      defer { close(up) }
      #expect(up >= 0)
      #expect(faccessat(up, "inside", F_OK, 0) == 0)
    }
  }

  /// So a process that is sent descriptors can tell that it may have no more of them from the other end's end.
  @Test func aPacketComesWithoutTheDescriptorsThatThereIsNoRoomFor() async {
    await #expect(processExitsWith: .success) {
      var ends = try PacketSocketPair()
      guard let theirs = ends.takeEnd(), let ours = ends.takeEnd() else { throw Errno.badFileDescriptor }
      // No number below the last is free then, and none above it is taken: some may have been inherited.
      let last = (0..<4096).last { fcntl($0, F_GETFD) >= 0 } ?? 0
      var highest = dup(ours.rawValue)
      while highest >= 0, highest <= last { highest = dup(ours.rawValue) }
      #expect(highest >= 0)
      for room in 0...2 {
        var passed = PassedDescriptors()
        for _ in 0..<2 { passed.append(theirs) }
        try theirs.sendPacket([UInt8](repeating: 1, count: 9).span, with: passed)
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = rlim_t(Int(highest) + 1 + room)
        #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        var received = ReceivedDescriptors()
        var bytes = [UInt8](repeating: 0, count: 100)
        var span = bytes.mutableSpan
        #expect(try ours.receivePacket(into: &span, descriptors: &received) == 9)
        var count = 0
        while received.takeFirst() != nil { count += 1 }
        #expect(count == room)
      }
    }
  }
}
