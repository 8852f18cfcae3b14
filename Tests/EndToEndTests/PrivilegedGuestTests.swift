import CLinux
import Foundation
import HelperHarness
import Testing

/// Whether to run: always as root, and in CI even where that is bound to fail, so that nothing is left out in silence.
let isWanted = getuid() == 0 || ProcessInfo.processInfo.environment["CI"] != nil

/// Whether to run what takes a newer QEMU than the machine may have: in CI even where it lacks, which then fails.
let isNextQEMUWanted = Rig.hasNextQEMU || ProcessInfo.processInfo.environment["CI"] != nil
let noNextQEMU: Comment = "needs QEMU 10.2 or newer: script/qemu-next unpacks one, or says why it can't"

/// A Linux guest in stock QEMU, run by nobody, uses a directory of the host through the helper.
@Suite(
  "Privileged: a guest of stock QEMU",
  .serialized, .enabled(if: isWanted, "needs root: the helper gives files any owner"))
struct PrivilegedGuestTests {
  /// How the helper shuts itself in.
  static let sandboxes = ["namespace", "chroot"]
  /// What the shorter tests run of the guest's checks.
  static let few = ["host", "contents", "users", "setgid", "left"]

  @Test("every check, over a named socket", .timeLimit(.minutes(5)), arguments: sandboxes)
  func namedSocket(sandbox: String) throws {
    try withRig(checks: []) { rig in
      let helper = try rig.startHelper([
        "-n", "--sandbox", sandbox, "-s", rig.socket, "-u", "\(Rig.user)", "-g", "\(Rig.user)",
      ])
      let isReady = eventually { access(rig.socket, F_OK) == 0 }
      try #require(isReady, "no socket; the helper says: \(helper.tail)")
      let checks = try runGuest(rig, "socket=\(rig.socket)")
      #expect(checks.count > 115)
      try expectEnd(of: helper)
      #expect(access(rig.socket, F_OK) == -1, "the socket is left behind")
      #expect(helper.output.contains(sandbox), "the log doesn't name the sandbox: \(helper.output)")
      checkWhatIsLeft(in: rig.share.appendingPathComponent("left"))
    }
  }

  @Test("every check, with no system call that the filter doesn't list", .timeLimit(.minutes(5)))
  func nothingIsLogged() throws {
    try withRig(checks: []) { rig in
      let log = try KernelLog()
      let helper = try rig.startHelper([
        "-n", "--seccomp", "log", "-s", rig.socket, "-u", "\(Rig.user)", "-g", "\(Rig.user)",
      ])
      let isReady = eventually { access(rig.socket, F_OK) == 0 }
      try #require(isReady, "no socket; the helper says: \(helper.tail)")
      _ = try runGuest(rig, "socket=\(rig.socket)")
      try expectEnd(of: helper)
      // The kernel's audit says which call of whom isn't on the list (AUDIT_SECCOMP).
      let lines = log.lines().filter { $0.contains("type=1326") && $0.contains("pid=\(helper.process.identifier) ") }
      #expect(lines.isEmpty, "\(lines)")
    }
  }

  @Test("an inherited descriptor", .timeLimit(.minutes(5)), arguments: sandboxes)
  func inheritedDescriptor(sandbox: String) throws {
    try withRig(checks: Self.few) { rig in
      var ends: [CInt] = [-1, -1]
      let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
      try #require(socketpair(AF_UNIX, type, 0, &ends) == 0)
      let (ours, theirs) = (ends[0], ends[1])
      let helper = try rig.startHelper(["-n", "--sandbox", sandbox, "-f", "3"], descriptors: [(3, ours)])
      close(ours)
      let checks = try runGuest(rig, "sock_fd=3", descriptor: theirs)
      #expect(checks.count > 30)
      try expectEnd(of: helper)
      checkWhatIsLeft(in: rig.share.appendingPathComponent("left"))
    }
  }

  @Test("the original's command line, as a daemon", .timeLimit(.minutes(5)))
  func daemon() throws {
    try withRig(checks: Self.few) { rig in
      let helper = try rig.startHelper(["-s", rig.socket, "-u", "\(Rig.user)", "-g", "\(Rig.user)"])
      defer {
        for id in processes(naming: rig.share.path) { kill(id, SIGKILL) }
      }
      // The launcher relies on this: once the command is back, there is something to connect to.
      let status = try helper.status(within: 20)
      #expect(status == 0, "\(helper.tail)")
      try #require(access(rig.socket, F_OK) == 0, "no socket; the helper says: \(helper.tail)")
      #expect(!processes(naming: rig.share.path).isEmpty)
      _ = try runGuest(rig, "socket=\(rig.socket)")
      let isGone = eventually { processes(naming: rig.share.path).isEmpty }
      #expect(isGone, "the daemon outlived QEMU")
      #expect(access(rig.socket, F_OK) == -1, "the socket is left behind")
      checkWhatIsLeft(in: rig.share.appendingPathComponent("left"))
    }
  }
}

/// The ids of the processes that have `word` on their command line.
private func processes(naming word: String) -> [pid_t] {
  let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
  return all.compactMap { pid_t($0) }.filter { id in
    guard let line = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") else { return false }
    return line.split(separator: 0).contains { $0.elementsEqual(word.utf8) }
  }
}
