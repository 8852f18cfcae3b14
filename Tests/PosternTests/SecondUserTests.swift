import CRawCalls
import Glibc
import HelperHarness
import NinePHarness
import Testing

/// What another user of the host can do to the processes of a server: nothing. The kernel decides that by a thread's real,
/// effective and saved ids, which must be no user's.
@Suite("A second user", .serialized, .enabled(if: hasRoot(), "needs root"))
struct SecondUserTests {
  /// A server, and what may be tried on it.
  struct Mode: Sendable, CustomTestStringConvertible {
    let name: String
    let options: [String]
    /// Who connects.
    var client: uid_t = 0
    /// Whose server it is.
    var owner: uid_t = 0
    /// Those who try, beside a user who has nothing to do with it: users that threads act as, the host's user of a map's
    /// first id, and the one that programs without rights share.
    var users: [uid_t] = [65_534]
    /// How many processes it has.
    var processes = 1
    var testDescription: String { name }

    var all: [uid_t] { ([1234] + users).filter { $0 != owner } }
  }

  private static func maps(_ first: Int) -> [String] {
    ["--uid-map", "\(first):100000:1000", "--gid-map", "\(first):100000:1000"]
  }

  static let servers = [
    Mode(
      name: "root, split", options: ["--socket-mode", "666"], client: 1000, users: [1000, 65_534], processes: 2),
    Mode(
      name: "root, in process", options: ["--socket-mode", "666", "--in-process"], client: 1000, users: [1000, 65_534]),
    Mode(
      name: "root, no sandbox", options: ["--socket-mode", "666", "--sandbox", "none"], client: 1000,
      users: [1000, 65_534]),
    Mode(name: "squash, split", options: ["--squash", "1000:1000"], users: [1000, 65_534], processes: 2),
    Mode(name: "squash, in process", options: ["--squash", "1000:1000", "--in-process"], users: [1000, 65_534]),
    Mode(name: "map from 0, split", options: maps(0), users: [100_000, 65_534], processes: 2),
    Mode(name: "map from 0, in process", options: maps(0) + ["--in-process"], users: [100_000, 65_534]),
    Mode(name: "map from 1000, split", options: maps(1000), users: [100_000, 1000, 65_534], processes: 2),
    Mode(name: "map from 1000, in process", options: maps(1000) + ["--in-process"], users: [100_000, 1000, 65_534]),
    Mode(
      name: "map and squash, split", options: maps(1000) + ["--squash", "1001:1001"],
      users: [100_000, 100_001, 1000, 1001], processes: 2),
    Mode(name: "rootless", options: [], owner: 65_534, users: [1000]),
    Mode(name: "rootless, split", options: ["--split"], owner: 65_534, users: [1000], processes: 2),
  ]

  @Test("can't signal, limit, trace or slow down any thread of postern 9p", arguments: servers)
  func server(mode: Mode) throws {
    let directory = try TemporaryDirectory()
    mkdir(directory.path + "/share", 0o777)
    chmod(directory.path + "/share", 0o777)
    let isMapped = mode.options.contains("--uid-map")
    if isMapped { chown(directory.path + "/share", 100_000, 100_000) }
    let output = try Output()
    let options =
      ["9p", "--export", directory.path + "/share", "--listen", "unix:\(directory.path)/s"] + mode.options
    let process: Spawned
    if mode.owner == 0 {
      process = try spawn(Programs.postern, options, output: output)
    } else {
      chown(directory.path, mode.owner, mode.owner)
      let program = open(Programs.postern, O_RDONLY | O_CLOEXEC)
      defer { close(program) }
      let change = [
        "--reuid=\(mode.owner)", "--regid=\(mode.owner)", "--clear-groups", "--inh-caps=-all", "/proc/self/fd/9",
      ]
      process = try spawn("/usr/bin/setpriv", change + options, inheriting: [(program, 9)], output: output)
    }
    #expect(eventually { output.text.contains("mount -t 9p") }, "\(output.text)")
    chmod(directory.path, 0o755)
    let client = Client(try connected(directory.path + "/s", as: mode.client == 0 ? nil : mode.client))
    let id: UInt32 = isMapped && mode.options.contains("1000:100000:1000") ? 1000 : 0
    try client.start(user: id)
    // A file whose writing goes to threads beside the connection's own.
    try client.done(.walk(0, 1))
    try client.done(
      NinePMessage(14, .four(1), .text("file"), .four(UInt32(O_RDWR | O_SYNC)), .four(0o666), .four(id)))
    let busy = try HostThread {
      _ = try? client.call(.write(1, 0, [1, 2, 3]))
      _ = try? client.call(.status(0))
    }
    defer { busy.stop() }
    #expect(eventually { busy.rounds > 0 })
    #expect(process.family.count == mode.processes)
    try attempt(mode, on: process)
    let rounds = busy.rounds
    #expect(eventually { busy.rounds > rounds + 10 }, "it serves no more")
  }

  static let helpers = [
    Mode(name: "helper, root", options: ["--sandbox", "namespace"]),
    Mode(name: "helper, map from 0", options: maps(0), users: [100_000, 65_534]),
    Mode(name: "helper, map from 1000", options: maps(1000), users: [100_000, 1000, 65_534]),
    Mode(
      name: "helper, map from 1000 in chroot", options: maps(1000) + ["--sandbox", "chroot"],
      users: [100_000, 1000, 65_534]),
    Mode(name: "helper, rootless", options: [], owner: 65_534, users: [1000, Subordinates.first]),
  ]

  @Test("can't signal, limit, trace or slow down any thread of virtfs-proxy-helper", arguments: helpers)
  func helper(mode: Mode) throws {
    let directory = try TemporaryDirectory()
    let output = try Output()
    var helper: RunningHelper
    if mode.owner == 0 {
      helper = try RunningHelper(serving: directory.path, mode.options, output: output)
    } else {
      let start = Start(sandbox: "namespace", isRootless: true)
      try start.own(directory.path)
      helper = try RunningHelper(
        start, serving: directory.path, mode.options, subordinates: try Subordinates(), output: output)
    }
    let socket = try helper.takeSocket()
    let process = helper.process
    #expect(eventually { output.text.contains("serving ") }, "\(output.text)")
    try attempt(mode, on: process)
    #expect(process.wait(seconds: 0.05) == nil)
    _ = consume socket
    #expect(process.wait(seconds: 10) == 0, "\(output.text)")
  }

  /// Has everybody try everything on every thread. The results are printed as a row of a table.
  private func attempt(_ mode: Mode, on process: Spawned) throws {
    var processes: [CInt] = []
    var threads: [CInt] = []
    for member in process.family {
      for thread in try FileList.names("/proc/\(member)/task").compactMap({ CInt($0) }) {
        processes.append(member)
        threads.append(thread)
      }
    }
    let count = Int(rc_attempt_count())
    for user in mode.all {
      var results = [CInt](repeating: -1, count: count)
      #expect(rc_attempt_as(user, processes, threads, CInt(threads.count), &results) == 0)
      let done = results.indices.filter { results[$0] != EPERM }.map {
        "\(String(cString: rc_attempt_name(CInt($0)))): \(results[$0] == 0 ? "done" : "errno \(results[$0])")"
      }
      print(
        "| \(mode.name) | \(processes.reduce(into: Set<CInt>()) { $0.insert($1) }.count) | \(threads.count) | \(user) | "
          + (done.isEmpty ? "EPERM, \(count) of \(count)" : done.joined(separator: ", ")) + " |")
      #expect(done.isEmpty, "user \(user)")
      // What was stopped goes on, so that the test ends.
      for member in process.family { kill(member, SIGCONT) }
    }
  }
}
