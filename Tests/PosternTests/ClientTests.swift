import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

/// Many clients of one program: who is let in, what is logged of them, and what becomes of them where the process can't
/// have more of something.
@Suite("Many clients of postern 9p", .serialized)
struct ClientTests {
  /// A server at a Unix socket, once it can be connected to.
  private final class Server {
    let directory: TemporaryDirectory
    let output: Output
    let process: Spawned

    /// - Parameters:
    ///   - prefix: a program that starts it, with its arguments. The server's program is descriptor 9.
    ///   - owner: whose the directory is.
    init(_ options: [String], prefix: [String] = [], owner: uid_t? = nil) throws {
      directory = try TemporaryDirectory()
      output = try Output()
      mkdir(directory.path + "/share", 0o755)
      chmod(directory.path + "/share", 0o777)
      chmod(directory.path, 0o755)
      if let owner { #expect(try run("/bin/chown", ["-R", "\(owner):\(owner)", directory.path]) == 0) }
      let arguments =
        ["9p", "--export", directory.path + "/share", "--listen", "unix:\(directory.path)/s"] + options
      if let first = prefix.first {
        let program = open(Programs.postern, O_RDONLY | O_CLOEXEC)
        defer { close(program) }
        process = try spawn(
          first, prefix.dropFirst() + ["/proc/self/fd/9"] + arguments, inheriting: [(program, 9)], output: output)
      } else {
        process = try spawn(Programs.postern, arguments, output: output)
      }
      for _ in 0..<2000 where !output.text.contains("mount -t 9p") && process.wait(seconds: 0.005) == nil {}
    }

    func connect(as user: uid_t? = nil) throws -> Client {
      Client(try NinePHarness.connected(directory.path + "/s", as: user))
    }

    /// A client that is served.
    func client(as user: uid_t? = nil) -> Client? {
      guard let client = try? connect(as: user), (try? client.start()) != nil else { return nil }
      return client
    }

    /// Whether it ends as it should.
    func ends() -> Bool {
      process.signal(SIGTERM)
      return process.wait(seconds: 10) == 0
    }

    func count(_ text: String) -> Int { output.text.split(separator: "\n").count { $0.contains(text) } }
  }

  @Test("five hundred connections of one user at once are served", arguments: [[], ["--in-process"]])
  func fiveHundred(options: [String]) throws {
    let user: uid_t? = hasRoot() ? 1000 : nil
    let server = try Server(options + (hasRoot() ? ["--socket-mode", "666"] : []))
    let before = server.process.openDescriptors()
    var clients = try (0..<500).map { _ in try server.connect(as: user) }
    let hello = NinePMessage.version(1 << 20, "9P2000.L").frame(tag: .max) + NinePMessage.attach(0).frame()
    for client in clients { client.send(hello) }
    #expect(clients.count { $0.receive()?.type == 101 && $0.receive()?.type == 105 } == 500)
    for client in clients { try client.done(.status(0)) }
    #expect(server.client() != nil)
    clients = []
    #expect(before < 0 || eventually { server.process.openDescriptors() == before })
    #expect(server.ends(), "\(server.output.text)")
  }

  @Test(
    "a user who takes all that it gets keeps neither root out nor the next user, and who says nothing has to go",
    .enabled(if: hasRoot(), "needs root"), arguments: [[], ["--in-process"]])
  func silent(options: [String]) throws {
    let server = try Server(options + ["--socket-mode", "666", "--max-clients", "64"])
    let silent = try (0..<64).map { _ in try server.connect(as: 1000) }
    for user: uid_t in [0, 1001] { #expect(server.client(as: user) != nil, "\(user)") }
    #expect(server.count("user 1000 isn't let in: it has 38 of 64 connections") >= 10, "\(server.output.text)")
    // All of them are told, if not at once.
    for client in silent { #expect(client.receive() == nil) }
    #expect(server.count("(user 1000) hasn't attached within 10 s: closed") >= 10, "\(server.output.text)")
    #expect(server.client(as: 1000) != nil)
    #expect(server.ends())
  }

  @Test("root and each user are named where they come, where they go and where they aren't let in")
  func log() throws {
    let server = try Server(["--max-clients", "2"])
    let user = geteuid()
    for number in 1...2 {
      let client = try #require(server.client())
      #expect(eventually { server.count("client \(number) (user \(user)) connected, ") == 1 }, "\(server.output.text)")
      client.hangUp()
      #expect(eventually { server.count("client \(number) (user \(user)) left after 0 s") == 1 })
    }
    // One who has left may take a moment to be gone.
    var others: [Client] = []
    #expect(
      eventually {
        if let client = server.client() { others.append(client) }
        return others.count == 2
      })
    #expect(try server.connect().receive() == nil)
    #expect(eventually { server.count("isn't let in: there are 2 clients (--max-clients)") > 0 })
    others[0].send([UInt8]("GET / HTTP/1.1\r\n\r\n".utf8))
    #expect(others[0].receive() == nil)
    #expect(
      eventually { server.count(" (user \(user)) doesn't speak 9P: closed at message 47 of") == 1 },
      "\(server.output.text)")
    for client in others { client.hangUp() }
    // What comes again and again is counted.
    for _ in 0..<100 { _ = try server.connect() }
    #expect(server.count(") connected") < 20)
    #expect(
      eventually {
        _ = try? server.connect()
        return server.count("lines like this were suppressed)") >= 1
      }, "\(server.output.text)")
    #expect(server.ends())
  }

  @Test("over TCP, clients are named by their addresses, and all connections are for whoever comes")
  func addresses() throws {
    let directory = try TemporaryDirectory()
    let output = try Output()
    let process = try spawn(
      Programs.postern,
      ["9p", "--export", directory.path, "--listen", "tcp:127.0.0.1:0", "--squash", "\(geteuid()):\(getegid())"]
        + ["--max-clients", "5"], output: output)
    #expect(eventually { output.text.contains("port=") })
    let words = output.text.split(separator: ",").filter { $0.hasPrefix("port=") }
    let port = try #require(UInt16(words.first?.dropFirst(5) ?? ""))
    let clients = try (0..<6).map { _ in Client(try Self.socket(at: port)) }
    for client in clients.dropLast() { try client.start() }
    #expect(clients[5].receive() == nil)
    #expect(output.text.contains("client 1 (127.0.0.1:"), "\(output.text)")
    #expect(output.text.contains("isn't let in: there are 5 clients"), "\(output.text)")
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 10) == 0)
  }

  private static func socket(at port: UInt16) throws -> CInt {
    let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw HarnessError("connect: errno \(errno)") }
    return socket
  }

  @Test(
    "limits that are too low are told, with what to do",
    .enabled(if: access("/usr/bin/prlimit", X_OK) == 0, "needs prlimit"),
    arguments: [
      (20, [], 1, "RLIMIT_NOFILE is 20: the server needs at least 128 (ulimit -n, LimitNOFILE=)"),
      (256, [], nil, "RLIMIT_NOFILE is 256: at most 14 clients are served at a time (ulimit -n, LimitNOFILE=)"),
      (256, ["--max-clients", "14"], nil, "serving"),
      (
        256, ["--max-clients", "15"], 1,
        "RLIMIT_NOFILE is 256: --max-clients 15 needs 272 (ulimit -n, LimitNOFILE=); or say --max-clients 14"
      ),
      (256, ["--max-clients", "0"], 64, "say a number from 1 to 65536"),
      (256, ["--max-clients", "65537"], 64, "say a number from 1 to 65536"),
    ] as [(Int, [String], CInt?, String)])
  func lowLimits(limit: Int, options: [String], status: CInt?, says: String) throws {
    let server = try Server(options, prefix: ["/usr/bin/prlimit", "--nofile=\(limit):\(limit)"])
    #expect(server.process.wait(seconds: 0) == nil || status != nil)
    if let status { #expect(server.process.wait(seconds: 10) == status) }
    #expect(server.output.text.contains(says), "\(server.output.text)")
    guard status == nil else { return }
    let clients = (0..<20).map { _ in server.client() }
    #expect(clients.count { $0 != nil } == 14)
    #expect(server.ends())
  }

  /// A user that nobody is counts no other processes.
  private static let user: uid_t = 2_000_017

  @Test(
    "where there can't be more threads a client is told, costs nothing, and those who come later are served",
    .enabled(if: hasRoot() && access("/usr/bin/prlimit", X_OK) == 0, "needs root and prlimit"),
    arguments: [["--sandbox", "none", "--in-process"], ["--in-process"], ["--split"]])
  func threads(options: [String]) throws {
    let server = try Server(
      options,
      prefix: [
        "/usr/bin/prlimit", "--nproc=12:12", "/usr/bin/setpriv", "--reuid=\(Self.user)", "--regid=\(Self.user)",
        "--clear-groups", "--inh-caps=-all",
      ], owner: Self.user)
    let (threads, descriptors) = (try server.process.threads(), server.process.openDescriptors())
    var clients: [Client] = []
    for _ in 0..<40 {
      let client = try server.connect()
      if (try? client.start()) != nil { clients.append(client) } else { #expect(client.receive() == nil) }
    }
    #expect(clients.count >= 3 && clients.count < 12, "\(clients.count)")
    for client in clients { try client.done(.makeDirectory(0, "made-\(ObjectIdentifier(client).hashValue)")) }
    // Nothing of those who weren't served is left.
    #expect(try eventually { try server.process.threads() <= threads + 2 * clients.count })
    #expect(eventually { server.process.openDescriptors() <= descriptors + 8 * clients.count })
    clients = []
    #expect(try eventually { try server.process.threads() == threads })
    #expect(eventually { server.process.openDescriptors() == descriptors })
    #expect(server.client() != nil, "\(server.output.text)")
    #expect(server.output.text.contains("Resource temporarily unavailable"), "\(server.output.text)")
    #expect(server.ends(), "\(server.output.text)")
  }

  @Test(
    "where the process may have no more descriptors a client is told at once", .enabled(if: hasRoot(), "needs root"),
    arguments: [["--in-process"], ["--split"]])
  func descriptors(options: [String]) throws {
    let server = try Server(options)
    let process = server.process.identifier
    let held = server.process.openDescriptors()
    let highest = try #require(FileList.names("/proc/\(process)/fd").compactMap { UInt($0) }.max())
    var limit = rlimit()
    #expect(prlimit(process, __rlimit_resource(RLIMIT_NOFILE.rawValue), nil, &limit) == 0)
    for room in 0..<6 as Range<UInt> {
      var low = rlimit(rlim_cur: highest + 1 + room, rlim_max: limit.rlim_max)
      #expect(prlimit(process, __rlimit_resource(RLIMIT_NOFILE.rawValue), &low, nil) == 0)
      // Some may be served.
      for _ in 0..<10 { _ = server.client() }
    }
    #expect(prlimit(process, __rlimit_resource(RLIMIT_NOFILE.rawValue), &limit, nil) == 0)
    #expect(server.output.text.contains("Too many open files"), "\(server.output.text)")
    #expect(server.client() != nil, "\(server.output.text)")
    #expect(eventually { server.process.openDescriptors() == held })
    #expect(server.ends(), "\(server.output.text)")
  }
}

@_silgen_name("prlimit")
private func prlimit(
  _ process: pid_t, _ resource: __rlimit_resource, _ new: UnsafePointer<rlimit>?, _ old: UnsafeMutablePointer<rlimit>?
) -> CInt
