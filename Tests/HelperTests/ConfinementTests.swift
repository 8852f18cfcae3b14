import CLinux
import CRawCalls
import Confinement
import Glibc
import HelperHarness
import Linux
import ProxyDriver
import ProxyProtocol
import Testing

extension PrivilegedTests {
  /// What the serving process can still do, seen from outside and from its client's side.
  @Suite struct ConfinementTests {
    static let sandboxes = ["namespace", "chroot"]

    /// Files beside the export that nobody may reach: `outside/secret` next to `outside/export`.
    private func tree() throws -> TemporaryDirectory {
      let outside = try TemporaryDirectory()
      close(open(outside.path + "/secret", O_CREAT | O_WRONLY, 0o644))
      mkdir(outside.path + "/export", 0o755)
      close(open(outside.path + "/export/file", O_CREAT | O_WRONLY, 0o644))
      return outside
    }

    private func openRoot(_ connection: inout ProxyConnection) throws -> Descriptor {
      let root = Array("/".utf8)
      guard case .descriptor(let directory) = try connection.exchange(.open(path: root.span, flags: O_DIRECTORY))
      else { throw HarnessError("no descriptor of the root") }
      return directory
    }

    /// Root's number alone gives no capability, and what holds is locked.
    @Test func theSecureBitsAreLocked() async {
      await #expect(processExitsWith: .exitCode(7)) {
        try Privileges.drop(allBut: Privileges.serving())
        // NOROOT and NO_CAP_AMBIENT_RAISE, and every lock.
        if rc_call(Int(SYS_prctl), Int(PR_GET_SECUREBITS), 0, 0, 0, 0) == 0x41 | 0xaa { _exit(7) }
      }
    }

    @Test func itsLimitsFitTheJob() throws {
      let outside = try tree()
      var helper = try RunningHelper(serving: outside.path + "/export", output: try Output())
      var connection = try helper.connect()
      _ = try openRoot(&connection)
      let limits = try #require(readFile("/proc/\(helper.process.identifier)/limits"))
      func limit(_ name: String) -> [Substring] {
        let line = limits.split(separator: "\n").first { $0.hasPrefix(name) }
        return line.map { Array($0.dropFirst(name.count).split(separator: " ").prefix(2)) } ?? []
      }
      #expect(limit("Max core file size") == ["0", "0"])
      #expect(limit("Max open files") == ["1024", "1024"])
      #expect(limit("Max address space") == ["67108864", "67108864"])
    }

    @Test(arguments: [("kill", "2"), ("log", "2"), ("none", "0")])
    func theFilterIsTheOneAskedFor(mode: String, seccomp: String) throws {
      let outside = try tree()
      let output = try Output()
      var helper = try RunningHelper(
        serving: outside.path + "/export", ["--seccomp", mode], output: output)
      var connection = try helper.connect()
      _ = try openRoot(&connection)
      #expect(output.text.contains("seccomp=\(mode)"))
      let status = try #require(readFile("/proc/\(helper.process.identifier)/status"))
      #expect(status.contains("Seccomp:\t\(seccomp)\n"))
    }

    @Test(arguments: sandboxes)
    func itHoldsNothingButItsSocketAndTheExport(sandbox: String) throws {
      let outside = try tree()
      // What a careless launcher leaves open.
      let leaked = open("/etc", O_RDONLY | O_DIRECTORY)
      defer { close(leaked) }
      let pair = try socketPair()
      let process = try spawn(
        Programs.helper, ["-n", "-p", outside.path + "/export", "-f", "5", "--sandbox", sandbox],
        inheriting: [(leaked, 4), (pair.theirs, 5), (leaked, 7)], output: try Output())
      close(pair.theirs)
      var connection = ProxyConnection(adopting: Descriptor(adopting: pair.ours))
      // Answered, it has let go of everything that it opened for the start.
      let root = Array("/".utf8)
      _ = try connection.exchange(.status(path: root.span))
      let open = descriptors(of: process.identifier).filter { !["0", "1", "2"].contains($0.split(separator: " ")[0]) }
      let targets = open.map { String($0.split(separator: " ")[1]) }.sorted()
      #expect(targets.count == 2, "\(targets)")
      #expect(targets.last?.hasPrefix("socket:") == true)
      #expect(targets.first == (sandbox == "namespace" ? "/" : outside.path + "/export"))
    }

    @Test func itsMountsAreTheExportAlone() throws {
      let outside = try tree()
      let below = outside.path + "/export/below"
      mkdir(below, 0o755)
      #expect(mount("tmpfs", below, "tmpfs", 0, nil) == 0)
      // As systemd makes all mounts.
      #expect(mount(nil, below, nil, UInt(Glibc.MS_SHARED), nil) == 0)
      defer { umount2(below, CInt(MNT_DETACH)) }
      var helper = try RunningHelper(serving: outside.path + "/export", output: try Output())
      var connection = try helper.connect()
      _ = try openRoot(&connection)
      let process = helper.process.identifier
      let mounts = try #require(readFile("/proc/\(process)/mountinfo")).split(separator: "\n")
      #expect(mounts.count == 2, "\(mounts)")
      for mount in mounts {
        let fields = mount.split(separator: " ")
        #expect(["/", "/below"].contains(fields[4]))
        for flag in ["nosuid", "nodev", "noexec"] { #expect(fields[5].split(separator: ",").contains(flag[...])) }
      }
      for namespace in ["mnt", "net", "ipc", "uts"] {
        #expect(readLink("/proc/\(process)/ns/\(namespace)") != readLink("/proc/self/ns/\(namespace)"))
      }
      // What the host mounts later appears too.
      mkdir(below + "/later", 0o755)
      #expect(mount("tmpfs", below + "/later", "tmpfs", 0, nil) == 0)
      defer { umount2(below + "/later", CInt(MNT_DETACH)) }
      close(creat(below + "/later/new", 0o644))
      let path = Array("/below/later/new".utf8)
      guard case .payload = try connection.exchange(.status(path: path.span)) else {
        Issue.record("the later mount doesn't appear")
        return
      }
    }

    /// Nothing of start-up looks anything up in the export, where a guest may have put what never answers.
    @Test(arguments: sandboxes)
    func aTreeThatLooksLikeTheHostsIsNoTrap(sandbox: String) throws {
      let outside = try tree()
      let export = outside.path + "/export"
      for directory in ["/dev", "/etc", "/proc", "/proc/self", "/proc/sys", "/proc/sys/kernel"] {
        mkdir(export + directory, 0o755)
      }
      for fifo in ["/dev/log", "/dev/null", "/etc/localtime", "/proc/self/status", "/proc/sys/kernel/cap_last_cap"] {
        mkfifo(export + fifo, 0o666)
      }
      // Whatever number the helper gets.
      for offset in 1..<50 {
        let directory = export + "/proc/\(getpid() + CInt(offset))"
        mkdir(directory, 0o755)
        mkfifo(directory + "/status", 0o666)
      }
      var helper = try RunningHelper(serving: export, ["--sandbox", sandbox], output: try Output())
      var connection = try helper.connect()
      _ = try openRoot(&connection)
    }

    /// The way that is taken where namespaces are not to be had.
    @Test func autoFallsBackToChrootAndSaysSo() throws {
      let outside = try tree()
      let output = try Output()
      let pair = try socketPair()
      let process = try spawn(
        "/usr/bin/setpriv",
        ["--bounding-set", "-sys_admin", Programs.helper, "-n", "-p", outside.path + "/export", "-f", "3"],
        inheriting: [(pair.theirs, 3)], output: output)
      close(pair.theirs)
      do {
        var connection = ProxyConnection(adopting: Descriptor(adopting: pair.ours))
        _ = try openRoot(&connection)
      }
      #expect(process.wait(seconds: 5) == 0)
      #expect(output.text.contains("no namespace sandbox"), "\(output.text)")
      #expect(output.text.contains("sandbox=chroot"), "\(output.text)")
    }
  }
}
