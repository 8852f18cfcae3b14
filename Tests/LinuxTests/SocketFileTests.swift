import Glibc
import HelperHarness
import Linux
import SystemPackage
import Testing

/// Names of sockets that are others'.
@Suite("Socket files", .enabled(if: hasRoot(), "needs root"))
struct SocketFileTests {
  private func owner(_ path: String) -> [UInt32] {
    var status = stat()
    return lstat(path, &status) == 0 ? [status.st_uid, status.st_gid] : []
  }

  @Test("a name is its owner's from the beginning, also where only root may make it")
  func bind() throws {
    let directory = try TemporaryDirectory()
    chmod(directory.path, 0o700)
    let path = directory.path + "/s"
    try onOwnThread(in: directory.path) {
      _ = try UnixSocket.bind(path: hostPath(path), owner: Identity(uid: 1000, gid: 1001))
      #expect(geteuid() == 0)
    }
    #expect(owner(path) == [1000, 1001])
  }

  @Test("what was put in the place of the socket isn't given away")
  func swapped() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/s"
    let owner = try Identity(uid: 1000, gid: 1001)
    let victims: [(CInt, String)] = [(S_IFREG_, "file"), (S_IFSOCK_, "socket")]
    for (kind, name) in victims {
      let victim = directory.path + "/" + name
      mknod(victim, mode_t(kind) | 0o600, 0)
      // Before it is looked at, and after.
      for isEarly in [true, false] {
        try onOwnThread(in: directory.path) {
          let socket = try UnixSocket.bind(path: hostPath(path), owner: owner)
          if isEarly { rename(victim, path) }
          let file = try SocketFile(hostPath(path))
          if !isEarly { rename(victim, path) }
          #expect(throws: Errno.fileExists) { try file.give(to: owner) }
          _ = consume socket
          #expect(self.owner(path) == [0, 0])
          rename(path, victim)
          _ = consume file
        }
        unlink(path)
      }
    }
  }

  private let S_IFREG_: CInt = 0o100000
  private let S_IFSOCK_: CInt = 0o140000
}
