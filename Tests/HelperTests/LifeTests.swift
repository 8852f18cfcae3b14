import CLinux
import Glibc
import HelperHarness
import Linux
import ProxyDriver
import ProxyProtocol
import Testing

extension PrivilegedTests {
  /// From the start of the built program to its end.
  @Suite struct LifeTests {
    /// Starts a helper in the foreground that waits for root on a named socket.
    private func start(serving directory: TemporaryDirectory, on socket: String) throws -> Spawned {
      try spawn(
        Programs.helper, ["-n", "-p", directory.path, "-s", socket, "-u", "0", "-g", "0"], output: try Output())
    }

    /// Connects, as soon as the socket is there.
    private func connect(_ path: String) throws -> ProxyConnection {
      // It has its name and owner before it listens.
      var connected: Descriptor?
      #expect(
        eventually {
          connected = try? UnixSocket.connect(path: hostPath(path))
          return connected != nil
        })
      guard let socket = connected.take() else { throw HarnessError("nobody listens at \(path)") }
      return ProxyConnection(adopting: socket)
    }

    private func answers(_ connection: inout ProxyConnection) throws -> Bool {
      let root = Array("/".utf8)
      return switch try connection.exchange(.status(path: root.span)) {
      case .payload: true
      default: false
      }
    }

    /// The process that serves, by what it was started with.
    private func server(of socket: String) -> pid_t? {
      var found: pid_t?
      _ = eventually {
        let output = try? Output()
        _ = try? spawn("/usr/bin/pgrep", ["-f", "--", "-s \(socket)"], output: output).wait()
        found = output?.lines.first.flatMap { pid_t($0) }
        return found != nil
      }
      return found
    }

    @Test func aNamedSocketIsItsOwnersAndGoesWithItsClient() throws {
      let directory = try TemporaryDirectory()
      let socket = directory.path + "/s"
      let output = try Output()
      let process = try spawn(
        Programs.helper, ["-n", "-p", directory.path, "-s", socket, "-u", "1000", "-g", "1001"],
        output: output)
      #expect(eventually { access(socket, F_OK) == 0 })
      var status = stat()
      #expect(eventually { stat(socket, &status) == 0 && status.st_uid == 1000 })
      #expect(status.st_gid == 1001)
      #expect(status.st_mode & 0o7777 == 0o770)
      do {
        var connection = try connect(socket)
        #expect(try answers(&connection))
        #expect(access(socket, F_OK) != 0, "nobody else can come")
      }
      #expect(process.wait(seconds: 5) == 0)
      #expect(output.text.contains("sandbox=namespace"))
    }

    /// There new files have the directory's group.
    @Test func aNamedSocketIsItsGroupsInADirectoryOfAnother() throws {
      let directory = try TemporaryDirectory()
      chown(directory.path, 0, 3000)
      chmod(directory.path, 0o2755)
      let socket = directory.path + "/s"
      let process = try spawn(
        Programs.helper, ["-n", "-p", directory.path, "-s", socket, "-u", "1000", "-g", "1001"], output: try Output())
      var status = stat()
      #expect(eventually { stat(socket, &status) == 0 && status.st_gid == 1001 })
      #expect(status.st_uid == 1000)
      _ = try connect(socket)
      #expect(process.wait(seconds: 5) == 0)
    }

    @Test func aDaemonsParentEndsWhenClientsCanCome() throws {
      let directory = try TemporaryDirectory()
      let socket = directory.path + "/s"
      let output = try Output()
      let parent = try spawn(
        Programs.helper, ["-p", directory.path, "-s", socket, "-u", "0", "-g", "0"], output: output)
      #expect(parent.wait(seconds: 5) == 0)
      // Without waiting for anything.
      var connection: ProxyConnection? = ProxyConnection(adopting: try UnixSocket.connect(path: hostPath(socket)))
      let process = try #require(server(of: socket))
      #expect(process != parent.identifier)
      #expect(getsid(process) == process)
      for standard in 0...2 { #expect(readLink("/proc/\(process)/fd/\(standard)") == "/dev/null") }
      if var open = connection.take() { #expect(try answers(&open)) }
      #expect(eventually { kill(process, 0) != 0 }, "it ends with its client")
      #expect(output.text == "")
    }

    @Test func whatFailsAfterTheForkReachesTheParent() throws {
      let directory = try TemporaryDirectory()
      let output = try Output()
      // A file system without room for a socket.
      let full = directory.path + "/full"
      mkdir(full, 0o755)
      #expect(mount("tmpfs", full, "tmpfs", 0, "nr_inodes=1") == 0)
      defer { umount2(full, CInt(MNT_DETACH)) }
      let parent = try spawn(
        Programs.helper, ["-p", directory.path, "-s", full + "/s", "-u", "0", "-g", "0"], output: output)
      #expect(parent.wait(seconds: 5) == 1)
      #expect(output.lines.count == 1)
      #expect(output.text.contains("bind") && output.text.contains("No space left"), "\(output.text)")
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func aSignalEndsTheWaitAndRemovesTheSocket(signal: CInt) throws {
      let directory = try TemporaryDirectory()
      let socket = directory.path + "/s"
      let process = try start(serving: directory, on: socket)
      #expect(eventually { access(socket, F_OK) == 0 })
      process.signal(signal)
      #expect(process.wait(seconds: 5) == 0)
      #expect(access(socket, F_OK) != 0)
    }

    /// At any moment of its start.
    @Test func aSignalAtAnyMomentLeavesNoSocket() throws {
      let directory = try TemporaryDirectory()
      let socket = directory.path + "/s"
      for delay in stride(from: 0, to: 8000, by: 160) {
        let process = try start(serving: directory, on: socket)
        usleep(UInt32(delay))
        process.signal(SIGTERM)
        let status = process.wait(seconds: 5)
        // Before it has begun, the signal ends it as any program.
        #expect(status == 0 || status == 128 + SIGTERM, "after \(delay) µs: \(String(describing: status))")
        #expect(access(socket, F_OK) != 0, "after \(delay) µs")
        unlink(socket)
      }
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func aSignalEndsServing(signal: CInt) throws {
      let directory = try TemporaryDirectory()
      let output = try Output()
      var helper = try RunningHelper(serving: directory.path, output: output)
      var connection = try helper.connect()
      #expect(try answers(&connection))
      helper.process.signal(signal)
      #expect(helper.process.wait(seconds: 5) == 0)
      #expect(output.text.contains("ended by signal"))
    }

    @Test func anotherHelpersSocketStays() throws {
      let directory = try TemporaryDirectory()
      let socket = directory.path + "/s"
      let process = try start(serving: directory, on: socket)
      #expect(eventually { access(socket, F_OK) == 0 })
      usleep(50_000)
      unlink(socket)
      close(open(socket, O_CREAT | O_WRONLY, 0o600))
      process.signal(SIGTERM)
      #expect(process.wait(seconds: 5) == 0)
      #expect(access(socket, F_OK) == 0, "it was another's")
    }

    @Test func theSystemLogHasTheDaemonsLines() throws {
      guard access("/dev/log", F_OK) != 0 else { try Test.cancel("somebody listens to /dev/log here") }
      let log = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
      defer {
        close(log)
        unlink("/dev/log")
      }
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: "/dev/log".utf8) }
      let bound = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(log, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      #expect(bound == 0)
      var limit = timeval(tv_sec: 5, tv_usec: 0)
      setsockopt(log, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))

      let directory = try TemporaryDirectory()
      let pair = try socketPair()
      let parent = try spawn(
        Programs.helper, ["-p", directory.path, "-f", "3"], inheriting: [(pair.theirs, 3)],
        output: try Output())
      close(pair.theirs)
      #expect(parent.wait(seconds: 5) == 0)
      close(pair.ours)
      var lines = ""
      for _ in 0..<2 {
        var buffer = [UInt8](repeating: 0, count: 1000)
        let count = recv(log, &buffer, buffer.count, 0)
        lines += String(decoding: buffer.prefix(max(0, count)), as: UTF8.self) + "\n"
      }
      #expect(lines.contains("virtfs-proxy-helper["), "\(lines)")
      #expect(lines.contains("]: serving \(directory.path), sandbox=namespace seccomp=kill"), "\(lines)")
      #expect(lines.contains("]: client closed, done"), "\(lines)")
    }

    @Test func closedStandardStreamsAreNoTrap() throws {
      let directory = try TemporaryDirectory()
      let pair = try socketPair()
      let process = try spawn(
        "/bin/sh", ["-c", "exec 0<&- 1>&- 2>&-; exec \(Programs.helper) -n -p \(directory.path) -f 3"],
        inheriting: [(pair.theirs, 3)])
      close(pair.theirs)
      do {
        var connection = ProxyConnection(adopting: Descriptor(adopting: pair.ours))
        #expect(try answers(&connection))
      }
      #expect(process.wait(seconds: 5) == 0)
    }
  }
}

func readLink(_ path: String) -> String? {
  var buffer = [CChar](repeating: 0, count: 4096)
  let count = readlink(path, &buffer, buffer.count)
  return count < 0 ? nil : String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
