import Glibc
import HelperHarness
import NinePHarness
import Testing

/// `postern 9p` and file systems of other processes, which may be kept from all users but one.
@Suite("FUSE", .serialized, .enabled(if: FuseFiles.isThere, "needs root, and /dev/fuse"))
struct FuseTests {
  private func start(_ export: String, _ socket: String, _ options: [String], _ output: Output) throws -> Spawned {
    try spawn(
      Programs.postern, ["9p", "--export", export, "--listen", "unix:\(socket)"] + options, output: output)
  }

  @Test(
    "an export that the process without privilege may not look at is refused at once, with what to type",
    arguments: [false, true])
  func refused(isOneOfTwo: Bool) throws {
    let directory = try TemporaryDirectory()
    let fuse = directory.path + "/fuse"
    mkdir(fuse, 0o755)
    let files = try FuseFiles(at: fuse, isForAll: false)
    defer { files.unmount() }
    let output = try Output()
    let others = isOneOfTwo ? ["--export", "two=" + directory.path] : []
    let server = try start(fuse, directory.path + "/s", others, output)
    #expect(server.wait(seconds: 20) == 1)
    let lines = output.text.split(separator: "\n")
    #expect(lines.count == 1 && !output.text.contains("mount -t 9p"), "\(output.text)")
    // It is a user that no account has.
    let user = output.text.firstMatch(of: /user ([0-9]+),/).flatMap { uid_t($0.1) }
    #expect(user.map { getpwuid($0) == nil } == true, "\(output.text)")
    for part in ["\"\(fuse)\"", "-o allow_other", "--in-process"] {
      #expect(output.text.contains(part), "\(output.text)")
    }
  }

  @Test("one of another user's, which not even root may look at, is refused in the same way")
  func anotherUsers() throws {
    let directory = try TemporaryDirectory()
    mkdir(directory.path + "/fuse", 0o755)
    let files = try FuseFiles(at: directory.path + "/fuse", of: 1000, isForAll: false)
    defer { files.unmount() }
    let output = try Output()
    #expect(try start(directory.path + "/fuse", directory.path + "/s", [], output).wait(seconds: 20) == 1)
    #expect(output.text.split(separator: "\n").count == 1 && output.text.contains("-o allow_other"), "\(output.text)")
  }

  @Test("what it says to type works", arguments: [(false, ["--in-process"]), (true, []), (true, ["--in-process"])])
  func served(isForAll: Bool, options: [String]) throws {
    let directory = try TemporaryDirectory()
    let fuse = directory.path + "/fuse"
    mkdir(fuse, 0o755)
    let files = try FuseFiles(at: fuse, isForAll: isForAll)
    defer { files.unmount() }
    let output = try Output()
    let server = try start(fuse, directory.path + "/s", options, output)
    #expect(eventually { output.text.contains("mount -t 9p") }, "\(output.text)")
    let client = Client(try connected(directory.path + "/s"))
    try client.start(user: 0)
    try client.done(.walk(0, 1, "file"))
    try client.done(.open(1))
    #expect(try client.done(.read(1)).data == FuseFiles.text)
    client.hangUp()
    server.signal(SIGTERM)
    #expect(server.wait(seconds: 10) == 0)
  }

  @Test("below an export such a file system is refused, and all else works")
  func below() throws {
    let directory = try TemporaryDirectory()
    let export = directory.path + "/export"
    for name in [export, export + "/fuse", export + "/other"] { mkdir(name, 0o755) }
    let files = try FuseFiles(at: export + "/fuse", isForAll: false)
    defer { files.unmount() }
    let output = try Output()
    let server = try start(export, directory.path + "/s", [], output)
    #expect(eventually { output.text.contains("mount -t 9p") }, "\(output.text)")
    let client = Client(try connected(directory.path + "/s"))
    try client.start(user: 0)
    #expect(try client.failure(.walk(0, 1, "fuse")) == EACCES)
    #expect(try client.failure(.walk(0, 1, "fuse", "file")) == EACCES)
    #expect(try client.done(.walk(0, 1, "other", "..", "fuse")).u16(0) == 2)
    #expect(try client.failure(.unlink(0, "fuse", 0x200)) == EBUSY)
    try client.done(.walk(0, 2))
    try client.done(.open(2))
    #expect(try Set(client.done(.list(2)).entries.map(\.name)) == [".", "..", "fuse", "other"])
    try client.done(.walk(0, 3))
    try client.done(.create(3, "new", 2))
    #expect(try client.done(.write(3, 0, [1])).u32(0) == 1)
    client.hangUp()
    server.signal(SIGTERM)
    #expect(server.wait(seconds: 10) == 0)
  }

  /// Who gets the signal.
  enum Target: CaseIterable {
    /// The process that was started.
    case main
    /// All of its processes, as by a service manager, and the first one first or last.
    case all, allFromTheLast
  }

  @Test(
    "when it is to end, requests under way are done or aren't answered", arguments: [[], ["--in-process"]],
    Target.allCases)
  func termination(options: [String], target: Target) throws {
    for _ in 0..<2 {
      let directory = try TemporaryDirectory()
      let fuse = directory.path + "/fuse"
      mkdir(fuse, 0o755)
      let files = try FuseFiles(at: fuse, isForAll: true, pause: 60_000)
      defer { files.unmount() }
      let output = try Output()
      let server = try start(fuse, directory.path + "/s", options, output)
      #expect(eventually { output.text.contains("mount -t 9p") }, "\(output.text)")
      let clients = try (0..<6).map { number in
        let client = Client(try connected(directory.path + "/s"))
        try client.start(user: 0)
        try client.done(.walk(0, 1, "file"))
        try client.done(.open(1))
        client.send((number % 2 == 0 ? NinePMessage.read(1) : .makeDirectory(0, "made-\(number)")).frame(tag: 5))
        // What comes behind isn't begun, or not answered either.
        client.send(NinePMessage.makeDirectory(0, "more-\(number)").frame(tag: 6))
        return client
      }
      #expect(eventually { files.slowRequests > 0 })
      usleep(20_000)
      let family = server.family
      switch target {
      case .main: server.signal(SIGTERM)
      case .all: for process in family { kill(process, SIGTERM) }
      case .allFromTheLast: for process in family.reversed() { kill(process, SIGTERM) }
      }
      #expect(server.wait(seconds: 20) == 0, "\(output.text)")
      for client in clients {
        while let answer = client.receive() {
          #expect(answer.type != 7, "errno \(answer.body.u32(0) ?? 0) for tag \(answer.tag)")
        }
      }
    }
  }
}
