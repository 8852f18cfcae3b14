import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

/// Sockets that others made: systemd, or whoever starts the server.
@Suite("Inherited sockets", .serialized)
struct ActivationTests {
  private static let mounts = "mount -t 9p -o trans="

  private func share() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    mkdir(directory.path + "/share", 0o777)
    chmod(directory.path + "/share", 0o777)
    return directory
  }

  private func listening(at path: String, mode: mode_t = 0o600, flags: CInt = 0) throws -> CInt {
    let socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue) | flags, 0)
    try check(withAddress(path) { bind(socket, $0, $1) }, "bind")
    chmod(path, mode)
    try check(listen(socket, 8), "listen")
    return socket
  }

  /// A TCP socket that listens at a free port of the loopback.
  private func listeningTCP(_ family: CInt) throws -> (socket: CInt, port: UInt16) {
    let socket = Glibc.socket(family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    // An address of all zeros would be every network's.
    var address = sockaddr_storage()
    return try withUnsafeMutablePointer(to: &address) { pointer in
      let size: Int
      if family == AF_INET {
        size = MemoryLayout<sockaddr_in>.size
        let words = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr_in.self)
        words.pointee.sin_family = sa_family_t(AF_INET)
        words.pointee.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
      } else {
        size = MemoryLayout<sockaddr_in6>.size
        let words = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr_in6.self)
        words.pointee.sin6_family = sa_family_t(AF_INET6)
        words.pointee.sin6_addr = in6addr_loopback
      }
      let general = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
      var length = socklen_t(size)
      try check(bind(socket, general, length), "bind")
      try check(listen(socket, 8), "listen")
      try check(getsockname(socket, general, &length), "getsockname")
      // It stands at the same place in both.
      let port = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr_in.self).pointee.sin_port
      return (socket, UInt16(bigEndian: port))
    }
  }

  private func connectedTCP(_ family: CInt, _ listening: CInt) throws -> CInt {
    var address = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let socket = Glibc.socket(family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    try withUnsafeMutablePointer(to: &address) { pointer in
      let general = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
      try check(getsockname(listening, general, &size), "getsockname")
      try check(connect(socket, general, size), "connect")
    }
    return socket
  }

  /// A server started as systemd does it, with these variables set once its process is there; `$$` is its number.
  private func start(
    _ directory: TemporaryDirectory, _ socket: CInt?, variables: String = "LISTEN_PID=$$ LISTEN_FDS=1",
    listen: String = "systemd", _ options: [String] = [], output: Output
  ) throws -> Spawned {
    let script = (variables.isEmpty ? "" : "export \(variables); ") + "exec \"$@\""
    return try spawn(
      "/bin/sh",
      ["-c", script, "sh", Programs.postern, "9p", "--export", directory.path + "/share", "--listen", listen] + options,
      inheriting: socket.map { [(from: $0, to: CInt(3))] } ?? [], output: output)
  }

  private func expectReady(_ output: Output) {
    #expect(eventually { output.text.contains(Self.mounts) }, "\(output.text)")
  }

  private func expectServed(_ socket: CInt) throws {
    let client = Client(socket)
    try client.start()
    try client.done(.status(0))
    client.hangUp()
  }

  private func expectEnd(of process: Spawned, _ output: Output) {
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 10) == 0, "\(output.text)")
  }

  @Test("systemd's socket lets clients in one after the other", arguments: [[], ["--in-process"]])
  func unix(options: [String]) throws {
    let directory = try share()
    let socket = try listening(at: directory.path + "/s")
    defer { close(socket) }
    // It stays systemd's, which starts the next server with it.
    for _ in 0..<2 {
      let output = try Output()
      let variables = "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=x"
      let process = try start(directory, socket, variables: variables, options, output: output)
      expectReady(output)
      #expect(output.text.contains("trans=unix,version=9p2000.L,msize=1048576 \(directory.path)/s MOUNTPOINT"))
      for _ in 0..<3 { try expectServed(try connected(directory.path + "/s")) }
      expectEnd(of: process, output)
    }
  }

  @Test("two servers with the same socket share the clients", arguments: [0, CInt(SOCK_NONBLOCK.rawValue)])
  func shared(flags: CInt) throws {
    let directory = try share()
    let socket = try listening(at: directory.path + "/s", flags: flags)
    defer { close(socket) }
    let outputs = [try Output(), try Output()]
    let processes = try outputs.map { try start(directory, socket, output: $0) }
    for output in outputs { expectReady(output) }
    for _ in 0..<50 { try expectServed(try connected(directory.path + "/s")) }
    for (process, output) in zip(processes, outputs) { expectEnd(of: process, output) }
  }

  @Test("a connection that systemd has accepted is the only one, with which it ends")
  func accepted() throws {
    let directory = try share()
    let pair = try socketPair()
    // Whoever made it may wait in another way.
    try check(cl_set_status_flags(pair.theirs, O_NONBLOCK) == 0 ? 0 : -1, "fcntl")
    let output = try Output()
    let process = try start(directory, pair.theirs, output: output)
    close(pair.theirs)
    expectReady(output)
    try expectServed(pair.ours)
    #expect(process.wait(seconds: 10) == 0, "\(output.text)")
  }

  @Test(
    "nobody is let in over an inherited TCP socket unless it was said as whom", arguments: [AF_INET, AF_INET6],
    ["systemd", "fd:3"])
  func tcp(family: CInt, listen: String) throws {
    let directory = try share()
    let (socket, port) = try listeningTCP(family)
    defer { close(socket) }
    let client = try connectedTCP(family, socket)
    for inherited in [socket, client] {
      let refusal = try Output()
      let refused = try start(directory, inherited, listen: listen, output: refusal)
      #expect(refused.wait(seconds: 10) == 1)
      #expect(refusal.text.contains("give --squash USER:GROUP, or --trust to let every client"), "\(refusal.text)")
    }
    close(client)
    let own = "\(geteuid()):\(getegid())"
    for options in [["--trust"], ["--squash", own]] {
      let output = try Output()
      let process = try start(directory, socket, listen: listen, options, output: output)
      expectReady(output)
      let host = family == AF_INET ? "127.0.0.1" : "::1"
      #expect(
        output.text.contains("trans=tcp,port=\(port),version=9p2000.L,msize=1048576 \(host) MOUNTPOINT"),
        "\(output.text)")
      try expectServed(try connectedTCP(family, socket))
      // As one that it made itself.
      var alive: CInt = 0
      var size = socklen_t(MemoryLayout<CInt>.size)
      #expect(getsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &alive, &size) == 0 && alive == 1)
      expectEnd(of: process, output)
    }
  }

  @Test(
    "what isn't one socket for this process is an error that says what to do",
    arguments: [
      ("", "no socket was passed (LISTEN_FDS)"), ("LISTEN_PID=$$", "no socket was passed (LISTEN_FDS)"),
      ("LISTEN_FDS=1", "no socket was passed (LISTEN_FDS)"),
      ("LISTEN_PID=1 LISTEN_FDS=1", "the sockets are for process 1 (LISTEN_PID)"),
      ("LISTEN_PID=x LISTEN_FDS=1", "the sockets are for process x (LISTEN_PID)"),
      ("LISTEN_PID=$$ LISTEN_FDS=0", "0 sockets were passed"),
      ("LISTEN_PID=$$ LISTEN_FDS=2", "leave one ListenStream="),
      ("LISTEN_PID=$$ LISTEN_FDS=-1", "-1 sockets were passed"),
      ("LISTEN_PID=$$ LISTEN_FDS=x", "x sockets were passed"),
      ("LISTEN_PID=$$ LISTEN_FDS=99999999999999999999", "leave one ListenStream="),
    ])
  func wrongVariables(variables: String, says: String) throws {
    let directory = try share()
    let socket = try listening(at: directory.path + "/s")
    defer { close(socket) }
    let output = try Output()
    let process = try start(directory, socket, variables: variables, output: output)
    #expect(process.wait(seconds: 10) == 1)
    #expect(output.text.contains(says), "\(output.text)")
  }

  @Test("what isn't a stream socket with somebody at its other end is an error")
  func wrongSockets() throws {
    let directory = try share()
    let file = open("/dev/null", O_RDWR | O_CLOEXEC)
    let datagrams = Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    let idle = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { for descriptor in [file, datagrams, idle] { close(descriptor) } }
    for (descriptor, says) in [
      (nil, "descriptor 3"), (file, "descriptor 3 isn't a socket"),
      (datagrams, "descriptor 3 isn't a stream socket"), (idle, "neither listens nor is connected"),
    ] {
      let output = try Output()
      let process = try start(directory, descriptor, output: output)
      #expect(process.wait(seconds: 10) == 1)
      #expect(output.text.contains(says), "\(output.text)")
    }
  }

  /// In the user namespace that an ordinary user's sandbox takes, all others are the same number.
  @Test(
    "an ordinary user's server has an inherited socket's mode keep others out", .enabled(if: hasRoot(), "needs root"),
    arguments: ["systemd", "fd:3"])
  func ordinaryUser(listen: String) throws {
    let directory = try share()
    let program = open(Programs.postern, O_RDONLY | O_CLOEXEC)
    defer { close(program) }
    func start(_ socket: CInt, _ options: [String], _ output: Output) throws -> Spawned {
      let user = ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "/proc/self/fd/9"]
      return try spawn(
        "/bin/sh",
        ["-c", "export LISTEN_PID=$$ LISTEN_FDS=1; exec /usr/bin/setpriv \"$@\"", "sh"] + user
          + ["9p", "--export", directory.path + "/share", "--listen", listen] + options,
        inheriting: [(socket, 3), (program, 9)], output: output)
    }
    for (name, mode, owner) in [("open", 0o666, 65_534), ("others", 0o600, 1000), ("", 0, 0)]
      as [(String, mode_t, uid_t)]
    {
      let path = "\(directory.path)/\(name)"
      let socket = name.isEmpty ? try listeningAbstract() : try listening(at: path, mode: mode)
      defer { close(socket) }
      if !name.isEmpty { try check(chown(path, owner, owner), "chown") }
      let refusal = try Output()
      #expect(try start(socket, [], refusal).wait(seconds: 10) == 1)
      #expect(refusal.text.contains("SocketMode=0600"), "\(name): \(refusal.text)")
      let output = try Output()
      let process = try start(socket, ["--trust"], output)
      expectReady(output)
      expectEnd(of: process, output)
    }
    for owner: uid_t in [0, 65_534] {
      let path = "\(directory.path)/of-\(owner)"
      let socket = try listening(at: path)
      defer { close(socket) }
      try check(chown(path, owner, owner), "chown")
      let output = try Output()
      let process = try start(socket, [], output)
      expectReady(output)
      try expectServed(try connected(path))
      expectEnd(of: process, output)
    }
  }

  private func listeningAbstract() throws -> CInt {
    let socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    // With no address the kernel makes one up.
    var address = sockaddr(sa_family: sa_family_t(AF_UNIX), sa_data: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    try check(bind(socket, &address, socklen_t(MemoryLayout<sa_family_t>.size)), "bind")
    try check(listen(socket, 8), "listen")
    return socket
  }

  @Test(
    "systemd's own tool for it",
    .enabled(if: access("/usr/bin/systemd-socket-activate", X_OK) == 0, "needs systemd's tools"))
  func systemd() throws {
    let directory = try share()
    let output = try Output()
    let path = directory.path + "/s"
    let process = try spawn(
      // Its sockets' mode is 0644.
      "/usr/bin/systemd-socket-activate",
      ["--listen", path, Programs.postern, "9p", "--export", directory.path + "/share", "--listen", "systemd"],
      output: output)
    #expect(eventually { access(path, F_OK) == 0 })
    try expectServed(try connected(path))
    expectEnd(of: process, output)
  }
}
