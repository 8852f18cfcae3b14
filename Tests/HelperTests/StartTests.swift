import CLinux
import Glibc
import HelperHarness
import Linux
import Testing

/// How the built program starts, or says why it doesn't.
@Suite struct StartTests {
  /// Runs the helper to its end.
  private func helper(
    _ arguments: [String], inheriting: [(from: CInt, to: CInt)] = []
  ) throws -> (status: CInt, output: Output) {
    let output = try Output()
    let process = try spawn(Programs.helper, arguments, inheriting: inheriting, output: output)
    guard let status = process.wait(seconds: 10) else { throw HarnessError("\(arguments) goes on") }
    return (status, output)
  }

  private func expectRefusal(
    _ arguments: [String], _ says: String, inheriting: [(from: CInt, to: CInt)] = []
  ) throws {
    let (status, output) = try helper(arguments, inheriting: inheriting)
    #expect(status == 1, "\(arguments)")
    #expect(output.lines.count == 1, "\(output.text)")
    #expect(output.text.contains(says), "\(output.text)")
    #expect(output.text.hasPrefix("virtfs-proxy-helper: "))
  }

  @Test func helpAndVersion() throws {
    for option in ["-h", "--help"] {
      let (status, output) = try helper([option])
      #expect(status == 0)
      #expect(output.text.hasPrefix("Usage: virtfs-proxy-helper"))
    }
    let (status, output) = try helper(["--version"])
    #expect(status == 0)
    #expect(output.lines.count == 1)
  }

  @Test func wrongPaths() throws {
    let directory = try TemporaryDirectory()
    let file = directory.path + "/file"
    close(open(file, O_CREAT | O_WRONLY, 0o644))
    for daemon in [["-n"], []] {
      try expectRefusal(["-p", file, "-f", "3"] + daemon, "is not a directory")
      try expectRefusal(["-p", directory.path + "/none", "-f", "3"] + daemon, "No such file or directory")
      try expectRefusal(["-f", "3"] + daemon, "path not specified")
    }
  }

  @Test func descriptorsThatAreNoConnectedStreamSocket() throws {
    let directory = try TemporaryDirectory()
    let arguments = ["-n", "-p", directory.path, "-f", "3"]
    try expectRefusal(arguments, "descriptor 3 is not open")
    let file = open(directory.path, O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    try expectRefusal(arguments, "descriptor 3 is not a socket", inheriting: [(file, 3)])
    let listening = try UnixSocket.bind(path: hostPath(directory.path + "/s"))
    try listening.listen()
    try expectRefusal(arguments, "descriptor 3 is not connected", inheriting: [(listening.rawValue, 3)])
    var ends: [CInt] = [-1, -1]
    #expect(socketpair(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0, &ends) == 0)
    defer { ends.forEach { close($0) } }
    try expectRefusal(arguments, "not a stream socket", inheriting: [(ends[0], 3)])
    let tcp = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    defer { close(tcp) }
    try expectRefusal(arguments, "not a Unix-domain socket", inheriting: [(tcp, 3)])
  }

  @Test(.enabled(if: hasRoot(), "needs root: the helper would refuse for that first"))
  func socketPathsThatCannotBe() throws {
    let directory = try TemporaryDirectory()
    let taken = directory.path + "/taken"
    close(open(taken, O_CREAT | O_WRONLY, 0o644))
    symlink("nowhere", directory.path + "/dangling")
    let owner = ["-u", "0", "-g", "0"]
    for daemon in [["-n"], []] {
      let start = ["-p", directory.path] + owner + daemon
      try expectRefusal(start + ["-s", taken], "it is no socket, and stays")
      try expectRefusal(start + ["-s", directory.path + "/dangling"], "it is no socket, and stays")
      try expectRefusal(start + ["-s", directory.path + "/none/s"], "its directory doesn't exist")
      try expectRefusal(start + ["-s", "/" + String(repeating: "s", count: 108)], "107 bytes at most")
      let listening = try UnixSocket.bind(path: hostPath(directory.path + "/live"))
      try listening.listen()
      try expectRefusal(start + ["-s", directory.path + "/live"], "another program listens there")
      unlink(directory.path + "/live")
    }
    #expect(access(taken, F_OK) == 0)
  }

  @Test("a second start at the socket leaves the helper that waits there alone")
  func secondStart() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/s"
    let arguments = ["-n", "-p", directory.path, "-s", path, "-u", "\(geteuid())", "-g", "\(getegid())"]
    let output = try Output()
    let process = try spawn(Programs.helper, arguments, output: output)
    #expect(eventually { output.text.contains("serving ") }, "\(output.text)")
    let (status, other) = try helper(arguments)
    #expect(status == 1 && other.text.contains("another program listens there"), "\(other.text)")
    #expect(process.wait(seconds: 0.3) == nil, "\(output.text)")
    // Its client is the one that comes now.
    do { _ = try UnixSocket.connect(path: hostPath(path)) }
    #expect(process.wait(seconds: 10) == 0)
    #expect(output.text.contains("client closed, done"), "\(output.text)")
  }

  @Test(.enabled(if: hasRoot(), "needs root: an ordinary user gives no socket away"))
  func aSocketThatNobodyListensAtIsReplaced() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/s"
    do { _ = try UnixSocket.bind(path: hostPath(path)) }
    let (status, output) = try helper(["-p", directory.path, "-s", path, "-u", "nobody", "-g", "nogroup"])
    #expect(status == 0, "\(output.text)")
    var found = stat()
    #expect(lstat(path, &found) == 0 && found.st_uid == 65_534 && found.st_gid == 65_534)
    // The daemon ends with its client.
    _ = try UnixSocket.connect(path: hostPath(path))
  }

  @Test(.enabled(if: hasRoot(), "needs root: becomes an ordinary user"))
  func whatAnOrdinaryUserMayNotDoIsSaidWithThePath() throws {
    let directory = try TemporaryDirectory()
    let start = Start(sandbox: "namespace", isRootless: true)
    let (program, words) = start.command(nil)
    func expect(_ arguments: [String], _ says: String) throws {
      let output = try Output()
      let process = try spawn(
        program, words + arguments, inheriting: [(Start.helper, Start.helperNumber)], output: output)
      #expect(process.wait(seconds: 10) == 1)
      #expect(output.lines.count == 1, "\(output.text)")
      #expect(output.text.contains(says), "\(output.text)")
    }
    mkdir(directory.path + "/closed", 0o700)
    mkdir(directory.path + "/sealed", 0o755)
    chmod(directory.path, 0o777)
    try expect(["-p", directory.path + "/closed", "-f", "3"], "/closed\" specified: Permission denied")
    try expect(
      ["-p", directory.path, "-s", directory.path + "/s", "-u", "0", "-g", "0"], "-u 65534 -g 65534")
    for name in ["closed", "sealed"] {
      try expect(
        ["-p", directory.path, "-s", "\(directory.path)/\(name)/s", "-u", "65534", "-g", "65534"],
        "user 65534 may make no files in its directory: choose another name")
    }
  }

  @Test("standard error that is the journal gets levels, and SIGHUP ends nothing")
  func journalAndHangUp() throws {
    let directory = try TemporaryDirectory()
    let pair = try socketPair()
    defer {
      close(pair.ours)
      close(pair.theirs)
    }
    let output = try Output()
    var status = stat()
    fstat(output.descriptor, &status)
    let process = try spawn(
      Programs.helper, ["-n", "-p", directory.path, "-f", "3", "--uid-map", "0:\(geteuid()):1"],
      inheriting: [(pair.theirs, 3)], output: output,
      environment: ["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino)"])
    #expect(eventually { output.text.contains("<5>virtfs-proxy-helper: serving ") }, "\(output.text)")
    process.signal(SIGHUP)
    #expect(process.wait(seconds: 0.2) == nil)
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 10) == 0)
  }

  /// As where a machine's administrator has forbidden user namespaces to ordinary users.
  @Test func whereThereAreNoUserNamespacesAnOrdinaryUserIsTold() throws {
    let pair = try socketPair()
    defer {
      close(pair.ours)
      close(pair.theirs)
    }
    let output = try Output()
    let forbid = "echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --inh-caps=-all --ambient-caps=-all \"$@\""
    let process = try spawn(
      "/usr/bin/unshare",
      ["--user", "--map-user=1000", "--keep-caps", "/bin/sh", "-c", forbid, "sh"]
        + [Programs.helper, "-n", "-p", "/tmp", "-f", "3"],
      inheriting: [(pair.theirs, 3)], output: output)
    #expect(process.wait(seconds: 10) == 1)
    #expect(output.lines.count == 1, "\(output.text)")
    #expect(output.text.contains("can't make a user namespace (user.max_user_namespaces is 0: see"), "\(output.text)")
  }

  @Test(.enabled(if: hasRoot(), "needs root: gives capabilities up"))
  func missingCapabilitiesAreNamed() throws {
    let pair = try socketPair()
    defer {
      close(pair.ours)
      close(pair.theirs)
    }
    let output = try Output()
    let process = try spawn(
      "/usr/bin/setpriv",
      ["--bounding-set", "-mknod,-fsetid", "--inh-caps", "-all", Programs.helper, "-n", "-p", "/tmp", "-f", "3"],
      inheriting: [(pair.theirs, 3)], output: output)
    #expect(process.wait(seconds: 10) == 1)
    #expect(output.text.contains("missing CAP_FSETID, CAP_MKNOD"), "\(output.text)")
  }
}
