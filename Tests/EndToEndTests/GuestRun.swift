import CLinux
import Foundation
import HelperHarness
import Testing

/// Runs a test with a rig, and removes it also where the test fails.
func withRig(
  _ program: Rig.GuestProgram = .guestSuite, checks: [String], rootless: Start? = nil, _ body: (Rig) throws -> Void
) throws {
  let rig = try Rig(program, checks: checks, rootless: rootless)
  defer { rig.remove() }
  try body(rig)
}

/// Boots the guest, waits for its end and expects each of its checks to have passed. `descriptor` is closed here.
func runGuest(
  _ rig: Rig, _ share: String, options: String = "", descriptor: CInt? = nil
) throws -> [GuestCheck] {
  let checks = try seeGuest(rig, share, options: options, descriptor: descriptor)
  for check in checks {
    #expect(check.failure == nil, "in the guest: \(check.name): \(check.failure ?? "")")
  }
  return checks
}

/// Boots the guest, waits for its end and tells of each of its checks, also of those that failed.
func seeGuest(
  _ rig: Rig, _ share: String, options: String = "", descriptor: CInt? = nil
) throws -> [GuestCheck] {
  let console = try guestConsole(rig, share, options: options, descriptor: descriptor)
  let (checks, sum) = GuestCheck.all(on: console)
  let failed = checks.count { $0.failure != nil }
  try #require(
    sum == "\(checks.count - failed) passed, \(failed) failed",
    "the guest's checks were cut short; the end of its console:\n\(console.suffix(2000))")
  return checks
}

/// Boots the guest, waits for its end and returns what it wrote. `descriptor` is closed here.
func guestConsole(
  _ rig: Rig, _ share: String, options: String = "", descriptor: CInt? = nil, within seconds: Double = 180
) throws -> String {
  let guest = try rig.startGuest(
    share, options: options, descriptors: descriptor.map { [(there: CInt(3), here: $0)] } ?? [])
  if let descriptor { close(descriptor) }
  // Only root can give files their owners, as QEMU is then to do by itself.
  if !share.contains("security_model=passthrough") {
    let isUnprivileged = eventually { isUnprivilegedQEMU(guest.process.identifier) }
    #expect(isUnprivileged, "QEMU doesn't run as an ordinary user")
  }
  let status = try guest.status(within: seconds)
  #expect(status == 0, "QEMU's status; the end of the console:\n\(guest.tail)")
  return guest.output
}

func expectEnd(of helper: Logged) throws {
  let status = try helper.status(within: 10)
  #expect(status == 0, "the helper's status; it says: \(helper.tail)")
}

/// The port in the mount command that the server prints.
func port(of server: Logged) throws -> String {
  let isReady = eventually { server.output.contains("mount -t 9p") }
  try #require(isReady, "the server isn't ready; it says: \(server.tail)")
  let words = server.output.split(separator: "port=", maxSplits: 1)
  return String(try #require(words.last).prefix { $0.isNumber })
}

/// A server outlives its clients, and ends in order when it is told to.
func expectEndBySignal(of server: Logged) throws {
  kill(server.process.identifier, SIGTERM)
  let status = try server.status(within: 10)
  #expect(status == 0, "the server's status; it says: \(server.tail)")
}

/// Whether a process is QEMU, runs as nobody, or as who runs the tests, by each of its four ids, and has no capability.
private func isUnprivilegedQEMU(_ id: pid_t) -> Bool {
  guard let status = try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8) else { return false }
  let user = getuid() == 0 ? Rig.user : getuid()
  // A QEMU of another release is started by that release's loader.
  return (status.hasPrefix("Name:\tqemu-system") || status.hasPrefix("Name:\tld-linux"))
    && status.contains("\nUid:" + String(repeating: "\t\(user)", count: 4) + "\n")
    && status.contains("\nCapEff:\t0000000000000000\n")
}

/// What the kernel's log gets from now on.
final class KernelLog {
  private let descriptor: CInt

  init() throws {
    descriptor = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw RigError("/dev/kmsg: \(String(cString: strerror(errno)))") }
    lseek(descriptor, 0, SEEK_END)
  }

  deinit {
    close(descriptor)
  }

  func lines() -> [String] {
    var lines: [String] = []
    var record = [UInt8](repeating: 0, count: 8192)
    while true {
      let count = read(descriptor, &record, record.count)
      // EPIPE says that records were lost, which is no reason to stop.
      guard count > 0 || errno == EPIPE else { return lines }
      if count > 0 { lines.append(String(decoding: record.prefix(count), as: UTF8.self)) }
    }
  }
}
