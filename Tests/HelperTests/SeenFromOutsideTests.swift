import CLinux
import Glibc
import HelperHarness
import Linux
import ProxyDriver
import ProxyProtocol
import Testing

/// The whole picture of a serving process that `/proc` shows, in each way of starting it.
@Suite(.serialized) struct SeenFromOutsideTests {
  /// A way of starting, and what is expected of it.
  struct Case: Sendable, CustomTestStringConvertible {
    let start: Start
    var options: [String] = []
    /// Effective and permitted capabilities, in hexadecimal digits.
    let capabilities: String
    let log: String

    var testDescription: String { "\(start) \(options.joined(separator: " "))" }
  }

  // CHOWN 0, DAC_OVERRIDE 1, DAC_READ_SEARCH 2, FOWNER 3, FSETID 4, SETGID 6, SETUID 7, MKNOD 27.
  static let cases: [Case] = Start.all.flatMap { start in
    let map = start.isRootless ? [] : ["--uid-map", "0:100000:1000", "--gid-map", "0:100000:1000"]
    let way = "sandbox=\(start.sandbox) seccomp=kill caps="
    let all = "CAP_CHOWN,CAP_DAC_OVERRIDE,CAP_FOWNER,CAP_FSETID,CAP_SETGID,CAP_SETUID"
    let read = "CAP_DAC_READ_SEARCH"
    guard !start.isRootless else {
      return [
        Case(start: start, capabilities: "00000000000000db", log: "\(way)\(all) rootless=yes ids=user-namespace"),
        Case(
          start: start, options: ["--readonly"], capabilities: "0000000000000004",
          log: "\(way)\(read) rootless=yes ids=user-namespace"),
      ]
    }
    let ids = start.sandbox == "namespace" ? "idmapped-mount" : "user-namespace"
    return [
      Case(start: start, capabilities: "00000000080000db", log: "\(way)\(all),CAP_MKNOD rootless=no ids=same"),
      Case(
        start: start, options: ["--readonly"], capabilities: "0000000000000004",
        log: "\(way)\(read) rootless=no ids=same readonly"),
      Case(start: start, options: map, capabilities: "00000000000000db", log: "\(way)\(all) rootless=no ids=\(ids)"),
    ]
  }

  @Test(arguments: cases)
  func itIsWhatTheLogSays(_ expected: Case) throws {
    let start = expected.start
    let directory = try TemporaryDirectory()
    try start.own(directory.path)
    let output = try Output()
    var helper = try RunningHelper(start, serving: directory.path, expected.options, output: output)
    var connection = try helper.connect()
    // Answered, it has let go of everything that it opened for the start.
    let root = Array("/".utf8)
    _ = try connection.exchange(.status(path: root.span))
    let process = helper.process.identifier
    #expect(output.text.contains(expected.log), "\(output.text)")

    let status = ProcessStatus(of: process)
    for set in ["CapEff", "CapPrm"] { #expect(status[set] == expected.capabilities, "\(set)") }
    for set in ["CapInh", "CapBnd", "CapAmb"] { #expect(status[set] == "0000000000000000", "\(set)") }
    #expect(status["NoNewPrivs"] == "1")
    #expect(status["Seccomp"] == "2")
    #expect(status["Threads"] == "1")
    #expect(status["Umask"] == "0000")
    if geteuid() == 0 { #expect(status["Groups"] == "") }
    // All of its users, as the host numbers them, are one. With root's map the one that files are used as is the map's.
    let all = try #require(status["Uid"]).split(separator: " ")
    let isHeld = !start.isRootless && expected.options.contains("--uid-map")
    let users = Set(isHeld ? all.prefix(3) : all[...])
    #expect(users.count == 1)
    if isHeld { #expect(users.first.flatMap { UInt32($0) } ?? 0 > 2_000_000_000) }
    if start.isRootless { #expect(users == ["\(start.user)"]) }

    let isMapped = start.isRootless || expected.options.contains("--uid-map")
    let own = start.sandbox == "namespace" ? ["mnt", "net", "ipc", "uts"] : []
    // The process isn't dumpable, so to root alone.
    for namespace in ["mnt", "net", "ipc", "uts", "pid", "user", "cgroup"] where geteuid() == 0 {
      let isOwn = own.contains(namespace) || namespace == "user" && isMapped
      #expect((name(of: namespace, process) != name(of: namespace, getpid())) == isOwn, "\(namespace)")
    }
    try checkFiles(of: process, start, directory)
  }

  /// Its descriptors, root and mounts. The kernel shows them to root alone, as the process isn't dumpable.
  private func checkFiles(of process: pid_t, _ start: Start, _ directory: TemporaryDirectory) throws {
    guard geteuid() == 0 else { return }
    let inside = start.sandbox == "namespace" ? "/" : directory.path
    #expect(readLink("/proc/\(process)/cwd") == inside)
    #expect(readLink("/proc/\(process)/root") == inside)
    let open = descriptors(of: process).map { $0.split(separator: " ").map(String.init) }
    let others = open.filter { !["0", "1", "2"].contains($0[0]) }.map { $0[1] }.sorted()
    #expect(others.count == 2, "\(others)")
    #expect(others.first == inside)
    #expect(others.last?.hasPrefix("socket:") == true)
    guard start.sandbox == "namespace" else { return }
    let mounts = try #require(readFile("/proc/\(process)/mountinfo")).split(separator: "\n")
    #expect(mounts.count == 1, "\(mounts)")
    let fields = mounts[0].split(separator: " ")
    #expect(fields[4] == "/")
    for flag in ["nosuid", "nodev", "noexec"] { #expect(fields[5].split(separator: ",").contains(flag[...])) }
  }

  /// A daemon is alone in a process namespace, as its first process.
  @Test(arguments: Start.all)
  func aDaemonIsAlone(start: Start) throws {
    let directory = try TemporaryDirectory()
    try start.own(directory.path)
    let pair = try socketPair()
    let (program, words) = start.command(nil)
    let parent = try spawn(
      program, words + ["-p", directory.path, "-f", "3", "--sandbox", start.sandbox],
      inheriting: [(pair.theirs, 3), (Start.helper, Start.helperNumber)], output: try Output())
    close(pair.theirs)
    #expect(parent.wait(seconds: 5) == 0)
    var connection: ProxyConnection? = ProxyConnection(adopting: Descriptor(adopting: pair.ours))
    let process = try #require(daemon(serving: directory.path))
    let status = ProcessStatus(of: process)
    let numbers = try #require(status["NSpid"]).split(separator: " ")
    #expect(numbers == (start.sandbox == "namespace" ? ["\(process)", "1"] : ["\(process)"]))
    #expect(status["NoNewPrivs"] == "1")
    #expect(status["Seccomp"] == "2")
    let root = Array("/".utf8)
    guard case .payload = try connection?.exchange(.status(path: root.span)) else {
      Issue.record("no answer")
      return
    }
    connection = nil
    #expect(eventually { kill(process, 0) != 0 }, "it ends with its client")
  }

  /// `--sandbox none` is no sandbox, and says so; the rest holds.
  @Test(.enabled(if: hasRoot(), "needs root: an ordinary user's helper has a user namespace"))
  func withoutASandboxItSaysSo() throws {
    let outside = try TemporaryDirectory()
    mkdir(outside.path + "/export", 0o755)
    close(creat(outside.path + "/secret", 0o600))
    let output = try Output()
    var helper = try RunningHelper(serving: outside.path + "/export", ["--sandbox", "none"], output: output)
    var connection = try helper.connect()
    let up = Array("/../secret".utf8)
    guard case .payload = try connection.exchange(.status(path: up.span)) else {
      Issue.record("a boundary that nobody promised")
      return
    }
    #expect(output.text.contains("no sandbox: a client can reach every file"), "\(output.text)")
    #expect(output.text.contains("sandbox=none seccomp=kill"), "\(output.text)")
    let status = ProcessStatus(of: helper.process.identifier)
    #expect(status["CapEff"] == "00000000080000db")
    #expect(status["Seccomp"] == "2")
  }

  private func name(of namespace: String, _ process: pid_t) -> String? {
    readLink("/proc/\(process)/ns/\(namespace)")
  }

  private func daemon(serving path: String) -> pid_t? {
    let output = try? Output()
    _ = try? spawn("/usr/bin/pgrep", ["-f", "--", "-p \(path)"], output: output).wait()
    return output?.lines.first.flatMap { pid_t($0) }
  }
}

/// `/proc/PID/status`, by its lines' names.
struct ProcessStatus {
  private let text: String

  init(of process: pid_t) {
    text = readFile("/proc/\(process)/status") ?? ""
  }

  /// The words of a line, with a space between them.
  subscript(_ name: String) -> String? {
    let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return line?.dropFirst(name.count + 1).split(whereSeparator: { $0 == "\t" || $0 == " " }).joined(separator: " ")
  }
}
