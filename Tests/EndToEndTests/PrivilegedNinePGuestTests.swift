import CLinux
import Foundation
import HelperHarness
import Testing

/// A Linux guest in stock QEMU mounts a directory of the host from our 9P server. QEMU only carries bytes.
@Suite(
  "Privileged: a guest as a client of 9P",
  .serialized, .enabled(if: isWanted, "needs root: the server gives files any owner"))
struct PrivilegedNinePGuestTests {
  @Test(
    "every check, over TCP", .timeLimit(.minutes(5)),
    arguments: ["cache=none", "cache=loose", "cache=mmap", "access=user"], ["--split", "--in-process"])
  func tcp(options: String, way: String) throws {
    try withRig(checks: []) { rig in
      let server = try rig.startServer(["--listen", "tcp:127.0.0.1:0", "--trust", way])
      let port = try port(of: server)
      let checks = try runGuest(rig, "tcp=\(port)", options: options)
      #expect(checks.count > 115)
      #expect(server.output.contains("sandbox=namespace seccomp=kill"), "\(server.tail)")
      #expect(server.output.contains(" split") == (way == "--split"), "\(server.tail)")
      checkWhatIsLeft(in: rig.share.appendingPathComponent("left"))
      try expectEndBySignal(of: server)
    }
  }

  /// As the manual has it: nobody but QEMU's user can connect.
  @Test(
    "QEMU's user networking joined to a Unix socket of its user's", .timeLimit(.minutes(5)),
    arguments: ["--split", "--in-process"])
  func forwarded(way: String) throws {
    try withRig(checks: ["host", "contents", "users", "setgid", "left"]) { rig in
      let server = try rig.startServer(
        ["--listen", "unix:\(rig.socket)", "--socket-owner", "\(Rig.user):\(Rig.user)", "--trust", way])
      let isReady = eventually { server.output.contains("MOUNTPOINT") }
      try #require(isReady, "the server says: \(server.tail)")
      let checks = try runGuest(rig, "guestfwd=\(rig.socket)")
      #expect(checks.count > 30)
      checkWhatIsLeft(in: rig.share.appendingPathComponent("left"))
      #expect(!server.output.contains("act as root"), "\(server.tail)")
      try expectEndBySignal(of: server)
    }
  }

  @Test("a serial port joined to a Unix socket", .timeLimit(.minutes(5)), arguments: ["--split", "--in-process"])
  func serialPort(way: String) throws {
    try withRig(checks: ["host", "contents", "users", "setgid", "left"]) { rig in
      let server = try rig.startServer(["--listen", "unix:\(rig.socket)", "--socket-mode", "666", "--trust", way])
      let isReady = eventually { access(rig.socket, F_OK) == 0 }
      try #require(isReady, "no socket; the server says: \(server.tail)")
      let checks = try runGuest(rig, "serial=\(rig.socket)")
      #expect(checks.count > 30)
      checkWhatIsLeft(in: rig.share.appendingPathComponent("left"))
      try expectEndBySignal(of: server)
    }
  }
}
