import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

/// What `postern 9p` makes of its words, and what it says of itself.
@Suite("The command line of postern 9p", .serialized)
struct CommandLineTests {
  private func run(_ arguments: [String]) throws -> (status: CInt?, output: Output) {
    let output = try Output()
    let process = try spawn(Programs.postern, arguments, output: output)
    return (process.wait(seconds: 20), output)
  }

  @Test(
    "wrong use is one line that says what to type, and status 64",
    arguments: [
      (["p9"], "say postern 9p, proxy or mount"), (["9p"], "postern 9p: Say which directory to serve: --export DIR"),
      (["help", "p9"], "say postern 9p, proxy or mount"), (["9p", "-e", "/tmp"], "--listen unix:PATH"),
      (["9p", "/tmp", "-l", "unix:/x"], "Say which directory to serve: --export DIR"),
      (["9p", "-e", "/tmp", "-l", "/tmp/n.sock"], "say unix:/tmp/n.sock for a socket"),
      (["9p", "-e", "/tmp", "-l", "unix:"], "say unix:PATH"),
      (["9p", "-e", "/tmp", "-l", "unix:/x", "-l", "unix:/y"], "--listen can be given once"),
      (["9p", "-e", "/tmp", "-l", "tcp:::1:5640", "--trust"], "in brackets: tcp:[::1]:5640"),
      (["9p", "-e", "/tmp", "-l", "unix:/x", "--squash", "no-such-user"], "there is no user \"no-such-user\""),
      (["9p", "-e", "/tmp", "-l", "unix:/x", "--squash", "0:no-such-group"], "there is no group \"no-such-group\""),
      (["9p", "-e", "/tmp", "-l", "unix:/x", "--socket-owner", "4123456"], "give 4123456:GROUP"),
      (["9p", "-e", "/tmp", "-l", "tcp:1", "--trust", "--socket-owner", "0:0"], "goes with --listen unix:PATH"),
      (["9p", "-e", "/tmp", "-l", "tcp:1", "--trust", "--socket-mode", "600"], "goes with --listen unix:PATH"),
      (["9p", "-e", "/tmp", "-l", "systemd", "--socket-mode", "600"], "goes with --listen unix:PATH"),
      (["9p", "-e", "/tmp", "-l", "unix:/x", "--socket-mode", "999"], "an octal number from 0 to 777"),
      (["9p", "-e", "/tmp", "-l", "unix:/x", "--socket-mode", "1777"], "an octal number from 0 to 777"),
      (["9p", "-e", "/tmp", "-l", "unix:/x", "--max-clients", "many"], "a number from 1 to 65536"),
      (["9p", "-e", "/tmp", "-l", "unix:/x", "--max-clients", "0"], "a number from 1 to 65536"),
      (["9p", "-e", "/tmp", "-l", "unix:/x", "--uid-map", "0:100000"], "say CLIENT:HOST:COUNT"),
      (["9p", "-e", "/tmp", "-l", "unix:/x", "--gid-map", "0:1:0"], "say CLIENT:HOST:COUNT"),
      (["9p", "-e", "/tmp", "-l", "unix:/x", "--squash", "4294967295"], "4294967295 is nobody's number"),
      (["9p", "-e", "/tmp", "-l", "unix:/x", "-v", "-q"], "contradict each other; see postern 9p --help"),
      (["9p", "-e", "/tmp", "-l", "unix:/x", "--nonsense"], "Unknown option '--nonsense'"),
      (["proxy", "-x"], "postern proxy: unknown option -x"), (["proxy"], "postern proxy: path not specified"),
    ] as [([String], String)])
  func wrongUse(arguments: [String], says: String) throws {
    let (status, output) = try run(arguments)
    #expect(status == 64)
    #expect(output.lines.count == 1, "\(output.text)")
    #expect(output.text.contains(says), "\(output.text)")
  }

  @Test("nothing is removed to listen but a socket that nobody listens at")
  func socketNames() throws {
    let directory = try TemporaryDirectory()
    func refuse(_ name: String, _ says: String) throws {
      let (status, output) = try run(["9p", "-e", directory.path, "-l", "unix:\(directory.path)/\(name)"])
      #expect(status == 1)
      #expect(output.lines.count == 1 && output.text.contains(says), "\(output.text)")
    }
    close(open(directory.path + "/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0o644))
    mkfifo(directory.path + "/fifo", 0o600)
    symlink("nowhere", directory.path + "/link")
    mkdir(directory.path + "/directory", 0o755)
    for name in ["file", "fifo", "link", "directory"] {
      try refuse(name, "/\(name)\": it is no socket, and stays")
      var status = stat()
      #expect(lstat(directory.path + "/" + name, &status) == 0)
    }
    try refuse(String(repeating: "s", count: 108), "107 bytes at most")
    // One whose queue of waiting clients is full isn't waited for.
    let listening = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(listening) }
    #expect(withAddress("\(directory.path)/live") { bind(listening, $0, $1) } == 0 && listen(listening, 0) == 0)
    let waiting = try connected("\(directory.path)/live")
    defer { close(waiting) }
    try refuse("live", "another program listens there")
  }

  /// A server, once it has said the command to mount with.
  private func start(_ arguments: [String], output: Output, environment: [String: String] = [:]) throws -> Spawned {
    let process = try spawn(Programs.postern, ["9p"] + arguments, output: output, environment: environment)
    guard eventually({ output.text.contains("MOUNTPOINT") }) else { throw HarnessError("not ready: \(output.text)") }
    return process
  }

  private func end(_ process: Spawned) {
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 10) == 0)
  }

  @Test("it says where and how it serves, and warns where others act as root", .enabled(if: hasRoot(), "needs root"))
  func startLine() throws {
    let directory = try TemporaryDirectory()
    let cases: [(options: [String], says: [String], not: [String])] = [
      (
        ["-l", "unix:\(directory.path)/s", "-v"], ["at unix:\(directory.path)/s, sandbox=", "mode=0600", "limits: "],
        ["act as root"]
      ),
      (
        ["-l", "tcp:localhost:0", "--trust"],
        ["at tcp:127.0.0.1:", " trust", "every user of this host", "act as root"], ["limits: "]
      ),
      (
        ["-l", "tcp:[::1]:0", "--squash", "root"], ["at tcp:[::1]:", "squash=0:0", "whoever connects acts as root"], []
      ),
      (["-l", "tcp:0.0.0.0:0", "--squash", "nobody"], ["squash=65534:65534", " HOST MOUNTPOINT"], ["acts as root"]),
      (["-l", "unix:\(directory.path)/q", "-q"], [], ["serving", "act as root"]),
    ]
    for (options, says, not) in cases {
      let output = try Output()
      end(try start(["-e", directory.path] + options, output: output))
      for text in says { #expect(output.text.contains(text), "\(output.text)") }
      for text in not { #expect(!output.text.contains(text), "\(output.text)") }
    }
  }

  @Test("a socket can be another user's, by name", .enabled(if: hasRoot(), "needs root"))
  func socketOwner() throws {
    let directory = try TemporaryDirectory()
    chmod(directory.path, 0o755)
    let output = try Output()
    let process = try start(
      ["-e", directory.path, "-l", "unix:\(directory.path)/s", "--socket-owner", "nobody", "--trust"], output: output)
    var status = stat()
    #expect(lstat(directory.path + "/s", &status) == 0 && status.st_mode & 0o777 == 0o600)
    #expect([status.st_uid, status.st_gid] == [65_534, 65_534])
    let client = Client(try connected("\(directory.path)/s", as: 65_534))
    try client.start(user: 0)
    try client.done(.makeDirectory(0, "of-root"))
    #expect(lstat(directory.path + "/of-root", &status) == 0 && status.st_uid == 0)
    #expect(throws: HarnessError.self) { try connected("\(directory.path)/s", as: 1000) }
    end(process)
  }

  /// QEMU connects when it starts, and its guest mounts when it likes.
  @Test(
    "a connection of the socket's owner may take its time", .enabled(if: hasRoot(), "needs root"),
    arguments: [["--trust"], ["--trust", "--in-process"], ["--squash", "nobody"]])
  func silence(options: [String]) throws {
    let directory = try TemporaryDirectory()
    chmod(directory.path, 0o755)
    let output = try Output()
    let process = try start(
      ["-e", directory.path, "-l", "unix:\(directory.path)/s", "--socket-owner", "nobody"] + options, output: output)
    let client = Client(try connected("\(directory.path)/s", as: 65_534))
    sleep(11)
    try client.start(user: 0)
    try client.done(.status(0))
    end(process)
  }

  @Test("the journal gets levels, and SIGHUP ends nothing")
  func journalAndHangUp() throws {
    let directory = try TemporaryDirectory()
    let output = try Output()
    var status = stat()
    fstat(output.descriptor, &status)
    let process = try start(
      ["-e", directory.path, "-l", "unix:\(directory.path)/s"], output: output,
      environment: ["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino)"])
    #expect(output.text.contains("<5>postern 9p: serving "), "\(output.text)")
    process.signal(SIGHUP)
    #expect(process.wait(seconds: 0.2) == nil)
    end(process)
    let other = try Output()
    end(
      try start(
        ["-e", directory.path, "-l", "unix:\(directory.path)/s"], output: other,
        environment: ["JOURNAL_STREAM": "1:1"]))
    #expect(other.text.contains("\npostern 9p: serving ") || other.text.hasPrefix("postern 9p: serving "))
  }

  @Test("paths needn't be text, and the command to mount with is one for a shell")
  func paths() throws {
    let directory = try TemporaryDirectory()
    let output = try Output()
    let script = """
      cd "$1" && d=$(printf 'it'"'"'s \\376') && mkdir "$d" && exec "$2" 9p -e "$d" -l "unix:$d.s"
      """
    let process = try spawn("/bin/bash", ["-c", script, "bash", directory.path, Programs.postern], output: output)
    #expect(eventually { output.text.contains("MOUNTPOINT") }, "\(output.text)")
    // The shell gives back the name that it was given.
    let device = output.lines.first { $0.hasPrefix("mount ") }?.split(separator: "msize=1048576 ").last ?? ""
    let name = device.dropLast(" MOUNTPOINT".count)
    #expect(try HelperHarness.run("/bin/bash", ["-c", "cd \"$0\" && test -S \(name)", directory.path]) == 0, "\(name)")
    end(process)
  }

  @Test("a port that another program has is named")
  func takenPort() throws {
    let directory = try TemporaryDirectory()
    let output = try Output()
    let process = try start(["-e", directory.path, "-l", "tcp:0", "--trust"], output: output)
    let port = output.text.split(separator: ",port=").last?.prefix { $0.isNumber } ?? ""
    let (status, other) = try run(["9p", "-e", directory.path, "-l", "tcp:\(port)", "--trust"])
    #expect(status == 1)
    let says = "can't listen at 127.0.0.1, port \(port): Address already in use: another program listens there"
    #expect(other.lines.count == 1 && other.text.contains(says), "\(other.text)")
    end(process)
  }

  @Test("a directory that a user may not enter is named", .enabled(if: hasRoot(), "needs root"))
  func closedDirectory() throws {
    let directory = try TemporaryDirectory()
    chmod(directory.path, 0o777)
    mkdir(directory.path + "/closed", 0o700)
    let program = open(Programs.postern, O_RDONLY | O_CLOEXEC)
    defer { close(program) }
    let output = try Output()
    let process = try spawn(
      "/usr/bin/setpriv",
      ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "/proc/self/fd/9", "9p"]
        + ["-e", directory.path + "/closed", "-l", "unix:\(directory.path)/s"],
      inheriting: [(program, 9)], output: output)
    #expect(process.wait(seconds: 10) == 1)
    #expect(output.lines.count == 1, "\(output.text)")
    #expect(output.text.contains("can't export \"\(directory.path)/closed\": Permission denied"), "\(output.text)")
  }
}
