import CLinux
import Foundation
import HelperHarness
import Testing

/// `Tests/guest-life`: a guest writes files on its virtio-9p device while it, its QEMU or the server comes to an end, and
/// the host looks at what is left.
@Suite(
  "Privileged: pause, reset and death of a guest with a virtio-9p device",
  .serialized, .enabled(if: isWanted, "needs root: the server gives files any owner"),
  .enabled(if: isNextQEMUWanted, noNextQEMU))
struct PrivilegedLifeTests {
  static let ways = ["--split", "--in-process"]

  @Test("a paused guest goes on, with its open files and locks", .timeLimit(.minutes(5)), arguments: ways)
  func pause(way: String) throws {
    try withRig(.life, checks: []) { rig in
      let server = try rig.startDeviceServer([way])
      let machine = try Machine(rig)
      try machine.await(round: 2, boot: 1)
      for _ in 0..<10 {
        try machine.run("stop")
        let before = machine.console
        usleep(200_000)
        #expect(machine.console == before)
        #expect(heldFiles(of: server).isSuperset(of: ["open-1", "lock"]))
        try machine.run("cont")
        let goesOn = machine.waits { $0.count > before.count }
        #expect(goesOn, "the end of the console:\n\(machine.guest.tail)")
      }
      try machine.end(rig)
      try expectEnd(of: server)
      checkFiles(in: rig.share, [machine])
    }
  }

  @Test(
    "a guest that is reset mounts again, without the files and locks of before",
    .timeLimit(.minutes(5)), arguments: ways)
  func reset(way: String) throws {
    try withRig(.life, checks: []) { rig in
      let server = try rig.startDeviceServer([way])
      let machine = try Machine(rig)
      try machine.run("set-action", #"{"reboot": "reset"}"#)
      try machine.await(round: 2, boot: 1)
      for boot in 2...3 {
        try machine.run("system_reset")
        // This includes the lock, which another process has had.
        try machine.await(round: 2, boot: boot)
        let held = heldFiles(of: server)
        #expect(held.contains("open-\(boot)") && !held.contains("open-\(boot - 1)"), "\(held)")
      }
      try machine.end(rig)
      try expectEnd(of: server)
      checkFiles(in: rig.share, [machine])
    }
  }

  @Test("a guest that is turned off amid its writes ends the server", .timeLimit(.minutes(5)), arguments: ways)
  func quit(way: String) throws {
    try withRig(.life, checks: []) { rig in
      let server = try rig.startDeviceServer([way])
      let machine = try Machine(rig)
      try machine.await(round: 3, boot: 1)
      try machine.run("quit")
      #expect(try machine.guest.status(within: 20) == 0)
      try expectEnd(of: server)
      checkFiles(in: rig.share, [machine])
    }
  }

  @Test("QEMU's death ends the server", .timeLimit(.minutes(5)), arguments: ways)
  func death(way: String) throws {
    try withRig(.life, checks: []) { rig in
      let server = try rig.startDeviceServer([way])
      let machine = try Machine(rig)
      try machine.await(round: 3, boot: 1)
      machine.guest.process.signal(SIGKILL)
      #expect(try machine.guest.status(within: 20) == 128 + SIGKILL)
      try expectEnd(of: server)
      checkFiles(in: rig.share, [machine])
    }
  }

  @Test("with --keep QEMU's death leaves nothing, and the next is served", .timeLimit(.minutes(5)), arguments: ways)
  func next(way: String) throws {
    try withRig(.life, checks: []) { rig in
      let server = try rig.startDeviceServer([way, "--keep"])
      let first = try Machine(rig)
      try first.await(round: 2, boot: 1)
      first.guest.process.signal(SIGKILL)
      #expect(try first.guest.status(within: 20) == 128 + SIGKILL)
      let isClosed = eventually { heldFiles(of: server).isDisjoint(with: ["open-1", "lock"]) }
      #expect(isClosed, "\(heldFiles(of: server))")
      let second = try Machine(rig)
      try second.await(round: 2, boot: 2)
      try second.end(rig)
      checkFiles(in: rig.share, [first, second])
      try expectEndBySignal(of: server)
    }
  }

  /// As the manual says it.
  @Test(
    "what uses the share waits for ever when the server is killed; QEMU and the rest of the guest go on",
    .timeLimit(.minutes(5)), arguments: ways)
  func serverDeath(way: String) throws {
    try withRig(.life, checks: []) { rig in
      let server = try rig.startDeviceServer([way])
      let machine = try Machine(rig)
      try machine.await(round: 3, boot: 1)
      let all = [server.process.identifier] + children(of: server.process.identifier)
      #expect(all.count == (way == "--split" ? 2 : 1))
      server.process.signal(SIGKILL)
      let areGone = eventually { all.dropFirst().allSatisfy { kill($0, 0) == -1 } }
      #expect(areGone, "the worker outlives its monitor")
      #expect(try server.status(within: 10) == 128 + SIGKILL)
      // What was told of before has been read from the console by then.
      usleep(500_000)
      let before = machine.console
      let goesOn = machine.waits { $0.dropFirst(before.count).split(separator: "life: tick").count > 3 }
      #expect(goesOn, "the end of the console:\n\(machine.guest.tail)")
      #expect(!machine.console.dropFirst(before.count).contains("wrote"))
      checkFiles(in: rig.share, [machine])
      try machine.run("quit")
      #expect(try machine.guest.status(within: 20) == 0)
    }
  }
}

/// A guest that runs `Tests/guest-life`, and the monitor of its QEMU.
private final class Machine {
  let guest: Logged
  private let monitor: CInt
  private var received: [UInt8] = []

  init(_ rig: Rig) throws {
    var ends: [CInt] = [-1, -1]
    let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw RigError("no socket pair") }
    monitor = ends[0]
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(monitor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    defer { close(ends[1]) }
    guest = try rig.startGuest(
      "vhost-user=\(rig.socket)", options: "cache=none", descriptors: [(there: 3, here: ends[1])], monitor: 3)
    _ = try line()
    try run("qmp_capabilities")
  }

  deinit {
    close(monitor)
  }

  var console: String { guest.output }

  /// Runs a command of QMP.
  func run(_ command: String, _ arguments: String = "{}") throws {
    let bytes = Array("{\"execute\": \"\(command)\", \"arguments\": \(arguments)}\n".utf8)
    guard send(monitor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else {
      throw RigError("QEMU's monitor is gone; the end of the console:\n\(guest.tail)")
    }
    while true {
      let answer = try line()
      if answer.contains("\"return\":") { return }
      if answer.contains("\"error\":") { throw RigError("\(command): \(answer)") }
    }
  }

  private func line() throws -> String {
    var room = [UInt8](repeating: 0, count: 4096)
    while true {
      if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
        defer { received.removeFirst(end + 1) }
        return String(decoding: received[..<end], as: UTF8.self)
      }
      let count = recv(monitor, &room, room.count, 0)
      guard count > 0 else { throw RigError("QEMU's monitor says nothing; the end of the console:\n\(guest.tail)") }
      received += room.prefix(count)
    }
  }

  /// Whether the console comes to be so within a minute.
  func waits(for condition: (String) -> Bool) -> Bool {
    for _ in 0..<1200 {
      if condition(console) { return true }
      usleep(50_000)
    }
    return false
  }

  /// Waits until each of a boot's two writers has written so many files, with the lock held.
  func await(round: Int, boot: Int) throws {
    let isThere = waits { console in
      let boots = Set(console.matches(of: /life: wrote ([0-9]+)-/).map(\.output.1)).count
      return ["a", "b"].allSatisfy { console.contains("life: wrote \(boot)-\($0)-\(round)\r\n") }
        && console.matches(of: /locked \/mnt\/lock/).count == boots
    }
    guard isThere else { throw RigError("the guest doesn't write; the end of its console:\n\(guest.tail)") }
  }

  /// Has the guest end by itself.
  func end(_ rig: Rig) throws {
    guard FileManager.default.createFile(atPath: rig.share.appendingPathComponent("stop").path, contents: nil) else {
      throw RigError("no file can be made in the share")
    }
    let status = try guest.status(within: 60)
    #expect(status == 0, "QEMU's status; the end of the console:\n\(guest.tail)")
    #expect(console.contains("life: ended"), "the end of the console:\n\(guest.tail)")
  }
}

/// Looks at the files that guests wrote.
///
/// What has its final name is whole, also where a guest has died; what it told of is there; the rest is a beginning.
private func checkFiles(in share: URL, _ machines: [Machine]) {
  let names = Set((try? FileManager.default.contentsOfDirectory(atPath: share.path)) ?? [])
  let logged = ["log-a", "log-b"].compactMap { readFile(share.appendingPathComponent($0).path) }.joined()
  let logs = Set(logged.split(separator: "\n").map(String.init))
  for machine in machines {
    #expect(!machine.console.contains(/life: [^ ]+ failed/), "the end of the console:\n\(machine.guest.tail)")
    for told in machine.console.matches(of: /life: wrote ([0-9]+-[ab]-[0-9]+)/).map({ String($0.output.1) }) {
      #expect(names.contains(told) && logs.contains(told), "\(told) is missing")
    }
  }
  var count = 0
  for name in names {
    guard let parts = name.wholeMatch(of: /([0-9]+-[ab]-[0-9]+)(\.part)?/) else { continue }
    let wanted = Array(String(repeating: parts.output.1 + "\n", count: 3 << 16).utf8.prefix(3 << 16))
    let seen = FileManager.default.contents(atPath: share.appendingPathComponent(name).path) ?? Data()
    let isBeginning = seen.elementsEqual(wanted.prefix(seen.count))
    #expect(isBeginning && (parts.output.2 != nil || seen.count == wanted.count), "\(name) has \(seen.count) bytes")
    count += 1
  }
  #expect(count >= 4, "\(names)")
}

/// The last parts of the names of the files that a server and its children have open.
private func heldFiles(of server: Logged) -> Set<String> {
  let id = server.process.identifier
  var names: Set<String> = []
  for id in [id] + children(of: id) {
    let directory = "/proc/\(id)/fd/"
    for number in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
      guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: directory + number) else { continue }
      names.insert(String(path.split(separator: "/").last ?? ""))
    }
  }
  return names
}

private func children(of parent: pid_t) -> [pid_t] {
  let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
  return all.compactMap { pid_t($0) }.filter { id in
    readFile("/proc/\(id)/status")?.contains("\nPPid:\t\(parent)\n") == true
  }
}
