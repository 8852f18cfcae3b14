import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

/// `postern 9p` as a program: what it says, what it is left with, and whom it lets in.
@Suite("postern 9p", .serialized)
struct NinePProgramTests {
  private func run(_ arguments: [String]) throws -> (status: CInt?, text: String) {
    let output = try Output()
    let process = try spawn(Programs.postern, arguments, output: output)
    return (process.wait(seconds: 20), output.text)
  }

  @Test("the help fits a screen, with examples")
  func help() throws {
    let (status, text) = try run(["9p", "--help"])
    #expect(status == 0)
    #expect(text.contains("postern 9p --export /srv/share --listen unix:/run/share.sock"), "\(text)")
    #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 40, "\(text)")
  }

  @Test(
    "wrong use says what to do instead",
    arguments: [
      (["9p"], "--export"), (["9p", "--export", "/tmp"], "--listen"),
      (["9p", "--export", "/tmp", "--listen", "nonsense"], "--listen"),
      (["9p", "--export", "/tmp", "--listen", "tcp:127.0.0.1:5640"], "--squash USER:GROUP, or --trust"),
      // Not with what would have it make such a socket.
      (["9p", "--export", "/nowhere", "--listen", "vsock:5640"], "--squash USER:GROUP, or --trust"),
      (["9p", "--export", "/nowhere", "--listen", "vsock:x", "--trust"], "'vsock:x' is invalid"),
      (["9p", "--export", "/nowhere", "--listen", "vsock:", "--trust"], "'vsock:' is invalid"),
      (["9p", "--export", "/nowhere", "--listen", "vsock:-1", "--trust"], "'vsock:-1' is invalid"),
      (["9p", "--export", "/nowhere", "--listen", "vsock:4294967295", "--trust"], "'vsock:4294967295' is invalid"),
      (["9p", "--export", "/nowhere", "--listen", "vsock:4294967294", "--trust"], "can't export \"/nowhere\""),
      (["9p", "--export", "/tmp", "--listen", "tcp:5640", "--trust", "--squash", "1:1"], "contradict"),
      (["9p", "--export", "/tmp", "--listen", "unix:/x", "--squash", "4123456"], "--squash"),
      (["9p", "--export", "/nowhere", "--listen", "unix:/x"], "can't export \"/nowhere\": No such file or directory"),
      (["9p", "--export", "/dev/null", "--listen", "unix:/x"], "can't export \"/dev/null\": Not a directory"),
      (["9p", "--export", "/tmp", "--listen", "unix:/nowhere/x"], "\"/nowhere/x\": its directory doesn't exist"),
      (["9p", "--export", "/tmp", "--listen", "tcp:1.2.3:1", "--trust"], "can't listen at 1.2.3, port 1"),
      (["9p", "--export", "/tmp", "--listen", "tcp:192.0.2.1:1", "--trust"], "give an address that this host has"),
      (["9p", "--export", "/tmp", "--listen", "fd:77"], "descriptor 77 isn't open: it takes an inherited"),
      (["9p", "--export", "/tmp", "--listen", "fd:0"], "descriptor 0 isn't a socket: it takes"),
      (
        ["9p", "--export", "/tmp", "--listen", "tcp:0", "--trust", "--sandbox", "none", "--split"],
        "and there is none: use --in-process"
      ),
      (
        ["9p", "--export", "/tmp", "--listen", "tcp:0", "--trust", "--sandbox", "none", "--uid-map", "0:1:1"],
        hasRoot() ? "take the namespace sandbox" : "your ids in /etc/subuid"
      ),
    ] as [([String], String)])
  func wrongUse(arguments: [String], says: String) throws {
    let (status, text) = try run(arguments)
    #expect(status != 0 && status != nil)
    #expect(text.contains(says), "\(text)")
  }

  /// A server at a Unix socket, once it can be connected to.
  private func start(
    _ directory: TemporaryDirectory, _ options: [String] = [], output: Output
  ) throws -> Spawned {
    let process = try spawn(
      Programs.postern,
      ["9p", "--export", directory.path + "/share", "--listen", "unix:\(directory.path)/s"] + options,
      output: output)
    for _ in 0..<2000 where !output.text.contains("mount -t 9p") { usleep(5000) }
    guard output.text.contains("mount -t 9p") else { throw HarnessError("not ready: \(output.text)") }
    return process
  }

  private func share() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    mkdir(directory.path + "/share", 0o755)
    chmod(directory.path + "/share", 0o777)
    return directory
  }

  /// A device is asked what it is by whoever uses C's streams.
  @Test("its output may be a device", arguments: ["/dev/null", "/dev/ptmx"])
  func outputToDevice(device: String) throws {
    let directory = try share()
    let output = try Output()
    let file = open(device, O_RDWR | O_NOCTTY | O_CLOEXEC)
    defer { close(file) }
    let process = try spawn(
      "/bin/sh",
      ["-c", "exec \"$@\" >&5 2>&6", "sh", Programs.postern, "9p", "--export", directory.path + "/share"]
        + ["--listen", "unix:\(directory.path)/s"],
      inheriting: [(file, 5), (output.descriptor, 6)])
    #expect(eventually { output.text.contains("serving") })
    try connect(directory).start()
    #expect(process.wait(seconds: 0.1) == nil)
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 5) == 0)
  }

  private func connect(_ directory: TemporaryDirectory) throws -> Client {
    Client(try connected("\(directory.path)/s"))
  }

  @Test("it tells the command to mount with, takes the place of a socket that nobody listens at, and ends when told to")
  func life() throws {
    let directory = try share()
    for _ in 0..<2 {
      let output = try Output()
      let process = try start(directory, output: output)
      #expect(
        output.text.contains("mount -t 9p -o trans=unix,version=9p2000.L,msize=1048576 \(directory.path)/s MOUNTPOINT"))
      var status = stat()
      #expect(stat(directory.path + "/s", &status) == 0 && status.st_mode & 0o777 == 0o600)
      let client = try connect(directory)
      try client.start()
      try client.done(.makeDirectory(0, "made"))
      try client.done(.unlink(0, "made", 0x200))
      // Nobody takes the place of one that listens.
      let (failed, text) = try run(["9p", "--export", "/tmp", "--listen", "unix:\(directory.path)/s"])
      #expect(failed == 1 && text.contains("another program listens there"), "\(text)")
      process.signal(SIGTERM)
      #expect(process.wait(seconds: 10) == 0)
      #expect(client.receive() == nil)
    }
  }

  @Test("an inherited socket is the only client, with which it ends")
  func inherited() throws {
    let directory = try share()
    let pair = try socketPair()
    let output = try Output()
    let process = try spawn(
      Programs.postern, ["9p", "--export", directory.path + "/share", "--listen", "fd:3"],
      inheriting: [(pair.theirs, 3)], output: output)
    close(pair.theirs)
    let client = Client(pair.ours)
    try client.start()
    try client.done(.status(0))
    client.hangUp()
    #expect(process.wait(seconds: 10) == 0, "\(output.text)")
  }

  @Test("an inherited socket that listens, as systemd's, lets clients in one after the other")
  func activated() throws {
    let directory = try share()
    let socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(socket) }
    #expect(withAddress("\(directory.path)/s") { bind(socket, $0, $1) } == 0 && listen(socket, 4) == 0)
    // An ordinary user's server can't tell others apart.
    chmod(directory.path + "/s", 0o600)
    let output = try Output()
    let process = try spawn(
      Programs.postern, ["9p", "--export", directory.path + "/share", "--listen", "fd:3"],
      inheriting: [(socket, 3)], output: output)
    for _ in 0..<3 {
      let client = try connect(directory)
      try client.start()
      try client.done(.status(0))
      client.hangUp()
    }
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 10) == 0, "\(output.text)")
  }

  /// The port in the mount command that a server prints.
  private func port(of output: Output) throws -> String {
    for _ in 0..<2000 where !output.text.contains("mount -t 9p") { usleep(5000) }
    let words = output.text.split(separator: ",").filter { $0.hasPrefix("port=") }
    return String(try #require(words.first, "\(output.text)").dropFirst(5))
  }

  @Test(
    "diod's clients list and read",
    .enabled(if: access("/usr/sbin/diodls", X_OK) == 0 || getenv("CI") != nil, "needs diodls, of diod"))
  func foreignClients() throws {
    let directory = try share()
    let share = directory.path + "/share"
    for number in 0..<500 { close(open("\(share)/entry-\(number)", O_CREAT | O_WRONLY, 0o644)) }
    let data = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    let big = open("\(share)/big", O_CREAT | O_WRONLY, 0o644)
    #expect(write(big, data, data.count) == data.count)
    close(big)
    let output = try Output()
    let server = try spawn(
      Programs.postern, ["9p", "--export", share, "--listen", "tcp:127.0.0.1:0", "--trust"], output: output)
    let address = "127.0.0.1:\(try port(of: output))"
    // They attach to a tree by its name.
    let listing = try Output()
    let list = try spawn("/usr/sbin/diodls", ["-s", address, "-a", share], output: listing)
    #expect(list.wait(seconds: 20) == 0, "\(listing.text)")
    #expect(Set(listing.lines.map { String($0) }) == Set((0..<500).map { "entry-\($0)" } + ["big"]))
    let copy = open("\(directory.path)/copy", O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
    defer { close(copy) }
    let cat = try spawn("/usr/sbin/diodcat", ["-s", address, "-a", share, "big"], inheriting: [(copy, 1)])
    #expect(cat.wait(seconds: 20) == 0)
    var seen = [UInt8](repeating: 0, count: data.count + 1)
    #expect(pread(copy, &seen, seen.count, 0) == data.count)
    #expect(seen.dropLast() == data[...])
    let refused = try Output()
    let other = try spawn("/usr/sbin/diodls", ["-s", address, "-a", "/etc"], output: refused)
    #expect(other.wait(seconds: 20) == 1)
    #expect(refused.text.contains("No such file or directory"), "\(refused.text)")
    server.signal(SIGTERM)
    #expect(server.wait(seconds: 10) == 0)
  }

  @Test("what it is left with", .enabled(if: hasRoot(), "needs root"), arguments: [false, true])
  func confinement(isSplit: Bool) throws {
    let capabilities: [([String], String)] = [
      ([], "00000000880000db"), (["--readonly"], "00000000000000c4"), (["--squash", "1000:100"], "00000000000000c0"),
    ]
    for (options, expected) in capabilities {
      let directory = try share()
      let output = try Output()
      let process = try start(directory, options + (isSplit ? [] : ["--in-process"]), output: output)
      let client = try connect(directory)
      try client.start()
      #expect(output.text.contains("sandbox=namespace seccomp=kill" + (isSplit ? " split" : "")), "\(output.text)")
      let status = try fields("/proc/\(process.identifier)/status")
      for set in ["CapEff", "CapPrm"] { #expect(status[set] == expected, "\(set)") }
      for set in ["CapInh", "CapBnd", "CapAmb"] { #expect(status[set] == "0000000000000000", "\(set)") }
      #expect(status["NoNewPrivs"] == "1")
      #expect(status["Seccomp"] == "2")
      // Split, the monitor waits for the worker to end.
      #expect(status["Threads"] == (isSplit ? "3" : "2"))
      try expectNothingOfHost(process.identifier)
      // The thread that serves somebody who is squashed has no capability at all.
      if options.contains("--squash") {
        try client.done(.attach(1))
        _ = try client.failure(NinePMessage(110, .four(1), .four(2), .two(1), .text("nothing")))
        let threads = try FileList.names("/proc/\(process.identifier)/task").map {
          try fields("/proc/\(process.identifier)/task/\($0)/status")
        }
        let thread = try #require(threads.first { $0["Uid"]?.hasSuffix(" 1000") == true })
        #expect(thread["CapPrm"] == "0000000000000000")
        // It is that user's to files only.
        for (field, id) in [("Uid", 1000), ("Gid", 100)] {
          let ids = try #require(thread[field]).split(separator: " ").compactMap { UInt32($0) }
          #expect(Set(ids.prefix(3)).count == 1 && ids[0] > 2_000_000_000 && ids.last == UInt32(id), "\(ids)")
        }
        #expect(thread["Groups"] == "")
      }
      if isSplit { try expectWorker(of: process) }
      process.signal(SIGTERM)
      #expect(process.wait(seconds: 10) == 0)
    }
  }

  private func expectNothingOfHost(_ process: pid_t) throws {
    for namespace in ["mnt", "net", "ipc", "uts"] {
      #expect(link("/proc/\(process)/ns/\(namespace)") != link("/proc/self/ns/\(namespace)"))
    }
    #expect(link("/proc/\(process)/root") == "/")
    // Nothing of the host is mounted but the export. (What it works by is a mount without a place.)
    let mounts = try text("/proc/\(process)/mountinfo").split(separator: "\n")
    #expect(mounts.count == 1, "\(mounts)")
  }

  /// The worker has no capability and no user's rights, and holds nothing but sockets and what
  /// is in the export.
  private func expectWorker(of process: Spawned) throws {
    let worker = try worker(of: process)
    for thread in try FileList.names("/proc/\(worker)/task") {
      let status = try fields("/proc/\(worker)/task/\(thread)/status")
      for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        #expect(status[set] == "0000000000000000", "\(set)")
      }
      // It is a user that no account is, and not the monitor's.
      let users = try #require(status["Uid"]).split(separator: " ").compactMap { UInt32($0) }
      #expect(Set(users).count == 1 && users[0] > 2_000_000_000, "\(users)")
      #expect(status["Gid"] == status["Uid"])
      for other in try FileList.names("/proc/\(process.identifier)/task") {
        #expect(try fields("/proc/\(process.identifier)/task/\(other)/status")["Uid"]?.contains("\(users[0])") == false)
      }
      #expect(status["Groups"] == "")
      #expect(status["NoNewPrivs"] == "1")
      #expect(status["Seccomp"] == "2")
    }
    try expectNothingOfHost(worker)
    #expect(link("/proc/\(worker)/cwd") == "/")
    for descriptor in try FileList.names("/proc/\(worker)/fd").compactMap({ Int($0) }) where descriptor > 2 {
      let path = link("/proc/\(worker)/fd/\(descriptor)")
      #expect(path.hasPrefix("socket:") || path == "/", "\(descriptor): \(path)")
    }
  }

  /// The process that a server has started.
  private func worker(of process: Spawned) throws -> pid_t {
    try #require(process.family.dropFirst().first)
  }

  @Test("signals to end interrupt no request, whichever thread they could go to", arguments: [[], ["--in-process"]])
  func signals(options: [String]) throws {
    let directory = try share()
    let output = try Output()
    let process = try start(directory, options, output: output)
    let client = try connect(directory)
    try client.start()
    for member in process.family {
      for thread in try FileList.names("/proc/\(member)/task") where thread != "\(member)" {
        let status = readFile("/proc/\(member)/task/\(thread)/status") ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("SigBlk:") }
        let blocked = line.flatMap { UInt64($0.dropFirst(8), radix: 16) } ?? 0
        for signal in [SIGTERM, SIGINT] { #expect(blocked & 1 << UInt64(signal - 1) != 0, "\(status)") }
      }
    }
    process.signal(SIGTERM)
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 10) == 0)
  }

  @Test("neither half stays without the other", .enabled(if: hasRoot(), "needs root"))
  func halves() throws {
    for killsWorker in [true, false] {
      let directory = try share()
      let output = try Output()
      let process = try start(directory, output: output)
      let client = try connect(directory)
      try client.start()
      let worker = try worker(of: process)
      if killsWorker {
        kill(worker, SIGKILL)
        #expect(process.wait(seconds: 10) == 1)
        #expect(output.text.contains("the worker has ended"), "\(output.text)")
      } else {
        process.signal(SIGKILL)
        _ = process.wait(seconds: 10)
        for _ in 0..<1000 where kill(worker, 0) == 0 { usleep(5000) }
        #expect(kill(worker, 0) != 0)
      }
      // The client is told.
      #expect(client.receive() == nil)
    }
  }

  @Test("an ordinary user's server is shut in as well, has no capability over the host, and serves that user and root")
  func ordinaryUser() throws {
    let directory = try share()
    // Whoever runs the tests as root has another user do it, who may not be let in where the program lies.
    let user = geteuid() == 0 ? 65_534 : geteuid()
    let program = open(Programs.postern, O_RDONLY | O_CLOEXEC)
    defer { close(program) }
    if geteuid() == 0 { #expect(try HelperHarness.run("/bin/chown", ["-R", "\(user):\(user)", directory.path]) == 0) }
    let options = [
      "9p", "--export", directory.path + "/share", "--listen", "unix:\(directory.path)/s",
    ]
    let change = ["--reuid=\(user)", "--regid=\(user)", "--clear-groups", "--inh-caps=-all", "/proc/self/fd/9"]
    func start(_ output: Output, _ more: [String] = []) throws -> Spawned {
      geteuid() == 0
        ? try spawn("/usr/bin/setpriv", change + options + more, inheriting: [(program, 9)], output: output)
        : try spawn(Programs.postern, options + more, output: output)
    }
    // There all other users are the same number, which may be this user's.
    let refusal = try Output()
    #expect(try start(refusal, ["--socket-mode", "660"]).wait(seconds: 10) == 1)
    #expect(refusal.text.contains("--socket-mode 600"), "\(refusal.text)")
    let output = try Output()
    let process = try start(output)
    for _ in 0..<2000 where !output.text.contains("mount -t 9p") { usleep(5000) }
    #expect(output.text.contains("sandbox=namespace seccomp=kill"), "\(output.text)")
    let status = try fields("/proc/\(process.identifier)/status")
    // What it has counts for the user's subordinate ids.
    for set in ["CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"]
    where SubordinateIds.own == nil || set == "CapInh" || set == "CapAmb" {
      #expect(status[set] == "0000000000000000", "\(set)")
    }
    #expect(status["NoNewPrivs"] == "1")
    #expect(status["Seccomp"] == "2")
    #expect(status["Uid"] == Array(repeating: "\(user)", count: 4).joined(separator: " "))
    #expect(try text("/proc/\(process.identifier)/mountinfo").split(separator: "\n").count == 1)
    let map = try text("/proc/\(process.identifier)/uid_map").split(whereSeparator: \.isWhitespace)
    #expect(map.prefix(3) == [SubordinateIds.own == nil ? "\(user)" : "0", "\(user)", "1"])
    #expect((map.count == 3) == (SubordinateIds.own == nil))

    // The user's own, who may become nobody but a subordinate id.
    let client = Client(try connected("\(directory.path)/s"))
    try client.start(user: 1234)
    try client.done(.makeDirectory(0, "made"))
    #expect(try client.failure(.walk(0, 1, "made")) == 0)
    #expect((try client.failure(.change(1, 2, uid: 1234)) == 0) == (SubordinateIds.own != nil))
    var made = stat()
    #expect(lstat("\(directory.path)/share/made", &made) == 0)
    #expect(made.st_uid == SubordinateIds.own?.user(1234) ?? user)
    if geteuid() == 0 {
      close(open("\(directory.path)/share/of-root", O_CREAT | O_WRONLY, 0o600))
      try client.done(.walk(0, 2, "of-root"))
      #expect(try client.failure(.open(2)) == EACCES)
      #expect(throws: HarnessError.self) { try connected("\(directory.path)/s", as: 1000) }
    }
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 10) == 0, "\(output.text)")
  }

  @Test(
    "a user at the other end of the socket is that user, and root is believed", .enabled(if: hasRoot(), "needs root"))
  func peers() throws {
    let directory = try share()
    let output = try Output()
    let process = try start(directory, ["--socket-mode", "666"], output: output)
    for (user, name, owner): (uid_t, String, [UInt32]) in [
      (0, "of-root", [1234, 0]), (1000, "of-user", [1000, 1000]),
    ] {
      let client = Client(try connected("\(directory.path)/s", as: user))
      try client.start(user: 1234)
      try client.done(.makeDirectory(0, name))
      var status = stat()
      #expect(lstat("\(directory.path)/share/\(name)", &status) == 0)
      #expect([status.st_uid, status.st_gid] == owner)
    }
    // As many clients as there may be, and those who come after them once they have gone.
    var clients: [Client] = []
    for _ in 0..<64 {
      let client = try connect(directory)
      guard (try? client.start()) != nil else { break }
      clients.append(client)
    }
    #expect(clients.count >= 62, "\(clients.count)")
    for client in clients { client.hangUp() }
    var isServed = false
    for _ in 0..<500 where !isServed {
      usleep(5000)
      isServed = (try? connect(directory).start()) != nil
    }
    #expect(isServed)
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 10) == 0, "\(output.text)")
  }

  @Test(
    "a fid's file is removed and renamed in every sandbox", .enabled(if: hasRoot(), "needs root"),
    arguments: [[], ["--in-process"], ["--sandbox", "none"], ["--squash", "1000:100"]])
  func byFid(options: [String]) throws {
    let directory = try share()
    let process = try start(directory, options, output: try Output())
    let client = try connect(directory)
    try client.start(user: 0)
    try client.done(.makeDirectory(0, "d"))
    for name in ["file", "other"] { try client.done(.makeNode(0, name, mode: 0o100644)) }
    try client.done(.walk(0, 1, "file"))
    try client.done(.walk(0, 2, "d"))
    try client.done(.rename(1, to: 2, "inner"))
    #expect(try FileList.names(directory.path + "/share/d") == ["inner"])
    try client.done(.remove(1))
    try client.done(.remove(2))
    try client.done(.walk(0, 3, "other"))
    rename(directory.path + "/share/other", directory.path + "/other")
    #expect(try client.failure(.remove(3)) == ENOENT)
    #expect(try client.failure(.rename(0, to: 0, "x")) == EBUSY)
    #expect(try FileList.names(directory.path + "/share").isEmpty)
    #expect(try FileList.names(directory.path).contains("other"))
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 10) == 0)
  }

  @Test("everything that a client can ask for is on the list of system calls", .enabled(if: hasRoot(), "needs root"))
  func filter() throws {
    for options in [[], ["--readonly"], ["--squash", "1000:100"]] {
      let directory = try share()
      close(open(directory.path + "/share/file", O_CREAT | O_WRONLY, 0o666))
      let output = try Output()
      let process = try start(directory, options, output: output)
      let client = try connect(directory)
      try client.start(user: 0)
      let messages: [NinePMessage] = [
        .walk(0, 1, "file"), .walk(0, 2, "file"), .walk(0, 3, "..", "."), .open(2, 2), .open(2, 0), .open(3), .list(3),
        .list(3, 1), .read(2), .write(2, 0, [1]), .synchronize(2), .status(1), .change(1, 0x1ff, uid: 0, gid: 0),
        .change(2, 8), .change(1, 8), .change(1, 0x41, mode: 0o600), .fileSystem(1), .readLink(1),
        .makeDirectory(0, "d"), .makeNode(0, "p", mode: 0o10644), .makeNode(0, "n", mode: 0o170777),
        .symlink(0, "l", "t"), .link(0, 1, "h"), .rename(0, "h", 0, "i"), .unlink(0, "i"), .unlink(0, "d", 0x200),
        .walkAttribute(1, 4, ""), .walkAttribute(1, 5, "user.a"), .walk(0, 6, "file"), .createAttribute(6, "user.a", 1),
        .write(6, 0, [1]), .clunk(6), .walk(0, 6, "file"), .createAttribute(6, "user.a", 0, 2), .clunk(6), .walk(0, 7),
        .create(7, "new", 0o1102), .clunk(7), .lock(2, 1), .getLock(2, 1), .flush(1), .walk(0, 8, "l"), .readLink(8),
        .clunk(2), .clunk(3), .makeNode(0, "q", mode: 0o10644), .walk(0, 9, "q"), .rename(9, to: 0, "r"), .remove(9),
      ]
      for message in messages { _ = try client.call(message) }
      // Threads for slow requests: that begin, that wait, and that end with their connection.
      forget(directory.path + "/share/file")
      for fid: UInt32 in 20..<40 {
        client.send(NinePMessage.walk(0, fid, "file").frame(tag: UInt16(fid)))
        client.send(NinePMessage.open(fid, 0o4_010_000 | (options == ["--readonly"] ? 0 : 2)).frame(tag: UInt16(fid)))
        client.send(NinePMessage.read(fid, UInt64(fid) * 40_000, 4000).frame(tag: UInt16(fid) + 100))
        client.send(NinePMessage.write(fid, 0, Array(repeating: 1, count: 4000)).frame(tag: UInt16(fid) + 200))
        client.send(NinePMessage.synchronize(fid).frame(tag: UInt16(fid) + 300))
      }
      for _ in 0..<100 { #expect(client.receive() != nil) }
      for tag: UInt16 in 20..<30 { client.send(NinePMessage.synchronize(20).frame(tag: tag)) }
      // A second client is a second thread.
      let other = try connect(directory)
      try other.start()
      client.hangUp()
      other.hangUp()
      usleep(100_000)
      process.signal(SIGTERM)
      #expect(process.wait(seconds: 10) == 0, "\(options): \(output.text)")
    }
  }

  /// Has a file's contents be on the disk only.
  private func forget(_ path: String) {
    let file = open(path, O_RDWR)
    _ = write(file, String(repeating: "x", count: 1 << 20), 1 << 20)
    fsync(file)
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
    close(file)
  }
}
