import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

/// What a service manager is told, and when.
@Suite("Readiness", .serialized)
struct ReadinessTests {
  /// A service manager's end: what comes, and how far the process is by then.
  private final class Manager {
    let socket: CInt
    let name: String

    /// - Parameter path: nil for an abstract name.
    init(path: String?) throws {
      socket = Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      name = path ?? "@postern-test-\(getpid())"
      try check(
        withAddress(name) { address, size in
          guard path == nil else { return bind(socket, address, size) }
          return withUnsafeTemporaryAllocation(byteCount: Int(size), alignment: 8) { copy in
            copy.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(size)))
            copy[2] = 0
            let general = UnsafePointer(copy.baseAddress!.assumingMemoryBound(to: sockaddr.self))
            return bind(socket, general, socklen_t(2 + name.utf8.count))
          }
        }, "bind")
    }

    deinit { close(socket) }

    /// What is said next; nil where nothing is within so many milliseconds.
    func next(within milliseconds: CInt = 5000) -> String? {
      var wanted = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      guard poll(&wanted, 1, milliseconds) == 1 else { return nil }
      var bytes = [UInt8](repeating: 0, count: 1000)
      let count = recv(socket, &bytes, bytes.count, 0)
      return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
  }

  private func share() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    mkdir(directory.path + "/share", 0o777)
    return directory
  }

  private func start(_ directory: TemporaryDirectory, _ name: String, _ options: [String], output: Output) throws
    -> Spawned
  {
    try spawn(
      Programs.postern,
      ["9p", "--export", directory.path + "/share", "--listen", "unix:\(directory.path)/s"] + options, output: output,
      environment: ["NOTIFY_SOCKET": name])
  }

  @Test(
    "it is told once clients can come and everything is given up, and can't be told anything later",
    arguments: [true, false],
    [[], ["--in-process"], ["--sandbox", "none"]])
  func told(hasPath: Bool, options: [String]) throws {
    let directory = try share()
    let manager = try Manager(path: hasPath ? directory.path + "/notify" : nil)
    let output = try Output()
    let process = try start(directory, manager.name, options, output: output)
    let said = manager.next()
    for identifier in process.family {
      #expect(try fields("/proc/\(identifier)/status")["Seccomp"] == "2", "\(identifier)")
    }
    let isSplit = options.isEmpty && (hasRoot() || SubordinateIds.own != nil)
    #expect(process.family.count == (isSplit ? 2 : 1))
    let sandbox = options.contains("none") ? "none" : "namespace"
    #expect(said == "READY=1\nSTATUS=serving, sandbox=\(sandbox)", "\(output.text)")
    let client = Client(try connected(directory.path + "/s"))
    try client.start()
    // No process has a way to the manager any more, or to any other socket of datagrams.
    var datagrams: Set<String> = []
    for line in try text("/proc/net/unix").split(separator: "\n") {
      let fields: [Substring] = line.split(separator: " ")
      if fields.count > 6, fields[4] == "0002" { datagrams.insert("socket:[" + fields[6] + "]") }
    }
    // What an ordinary user's server has is told to root alone.
    for identifier in process.family where hasRoot() {
      for descriptor in try FileList.names("/proc/\(identifier)/fd") {
        #expect(!datagrams.contains(link("/proc/\(identifier)/fd/\(descriptor)")), "\(identifier): \(descriptor)")
      }
    }
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 10) == 0, "\(output.text)")
    #expect(manager.next(within: 100) == nil)
  }

  @Test(
    "a service manager that isn't there is a warning",
    arguments: ["/nowhere/notify", "@postern-nobody", "", "vsock:2:1"])
  func nobody(name: String) throws {
    let directory = try share()
    let output = try Output()
    let process = try start(directory, name, [], output: output)
    #expect(eventually { output.text.contains("mount -t 9p") }, "\(output.text)")
    #expect(
      output.text.contains("the service manager can't be notified (NOTIFY_SOCKET=\(name))"), "\(output.text)")
    try Client(try connected(directory.path + "/s")).start()
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 10) == 0, "\(output.text)")
  }

  @Test("it isn't ready before the worker has given up everything", .enabled(if: hasRoot(), "needs root"))
  func worker() throws {
    // It is stopped while it is still at it. That takes an instant only, so that it is tried until it succeeds.
    for _ in 0..<100 {
      let directory = try share()
      let manager = try Manager(path: directory.path + "/notify")
      let output = try Output()
      let process = try start(directory, manager.name, [], output: output)
      var children: ArraySlice<pid_t> = []
      while children.isEmpty, process.wait(seconds: 0) == nil { children = process.family.dropFirst() }
      guard let worker = children.first else { continue }
      kill(worker, SIGSTOP)
      let isAtIt = try fields("/proc/\(worker)/status")["Seccomp"] == "0"
      let said = isAtIt ? manager.next(within: 300) : nil
      kill(worker, SIGCONT)
      guard isAtIt else { continue }
      #expect(said == nil)
      #expect(manager.next()?.hasPrefix("READY=1\n") == true, "\(output.text)")
      return
    }
    Issue.record("it was never stopped in time")
  }

  @Test("what can't serve isn't ready")
  func failure() throws {
    let directory = try share()
    let manager = try Manager(path: directory.path + "/notify")
    let output = try Output()
    let process = try spawn(
      Programs.postern, ["9p", "--export", directory.path + "/share", "--listen", "systemd"], output: output,
      environment: ["NOTIFY_SOCKET": manager.name])
    #expect(process.wait(seconds: 10) == 1)
    var bytes: UInt8 = 0
    #expect(recv(manager.socket, &bytes, 1, CInt(MSG_DONTWAIT)) < 0)
  }
}
