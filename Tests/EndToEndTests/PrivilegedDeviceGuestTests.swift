import CLinux
import Foundation
import HelperHarness
import Testing

/// A Linux guest has a virtio-9p device whose back end is our 9P server: stock QEMU, run by nobody, passes its ring on.
@Suite(
  "Privileged: a guest with a virtio-9p device over vhost-user",
  .serialized, .enabled(if: isWanted, "needs root: the server gives files any owner"),
  .enabled(if: isNextQEMUWanted, noNextQEMU))
struct PrivilegedDeviceGuestTests {
  @Test(
    "every check", .timeLimit(.minutes(5)),
    arguments: ["cache=none", "cache=loose", "cache=mmap", "access=user"], ["--split", "--in-process"])
  func device(options: String, way: String) throws {
    try withRig(checks: []) { rig in
      let server = try rig.startDeviceServer([way])
      let checks = try runGuest(rig, "vhost-user=\(rig.socket)", options: options)
      #expect(checks.count > 115)
      #expect(server.output.contains("sandbox=namespace seccomp=kill"), "\(server.tail)")
      #expect(server.output.contains(" split") == (way == "--split"), "\(server.tail)")
      checkWhatIsLeft(in: rig.share.appendingPathComponent("left"))
      try expectEnd(of: server)
    }
  }

  @Test(
    "every check, with no system call that the filter doesn't list", .timeLimit(.minutes(5)),
    arguments: ["--split", "--in-process"])
  func nothingIsLogged(way: String) throws {
    try withRig(checks: []) { rig in
      let log = try KernelLog()
      let server = try rig.startDeviceServer([way, "--seccomp", "log"])
      _ = try runGuest(rig, "vhost-user=\(rig.socket)")
      try expectEnd(of: server)
      // The kernel's audit says which call of whom isn't on the list (AUDIT_SECCOMP); halves are processes of one program.
      let lines = log.lines().filter { $0.contains("type=1326") && $0.contains("comm=\"postern\"") }
      #expect(lines.isEmpty, "\(lines)")
    }
  }
}
