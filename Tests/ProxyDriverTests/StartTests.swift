import Glibc
import HelperHarness
import Linux
import ProxyDriver
import SystemPackage
import Testing

/// How a client starts a helper, and ends it.
@Suite(.serialized) struct StartTests {
  private func failure(_ program: HelperProgram) -> ProxyClient.Failure? {
    do throws(ProxyClient.Failure) {
      let client = try ProxyClient(starting: program)
      client.close()
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: HelperKind.started)
  func aHelperEndsWithItsClient(kind: HelperKind) throws {
    let directory = try TemporaryDirectory()
    let began = now()
    var process: pid_t?
    do {
      var client = try ProxyClient(starting: helperProgram(kind.program, directory.path, kind.options))
      process = client.processIdentifier
      #expect(try client.status("/").mode & S_IFMT == S_IFDIR)
      #expect(!isGone(process))
    }
    #expect(isGone(process))
    let client = try ProxyClient(starting: helperProgram(kind.program, directory.path, kind.options))
    process = client.processIdentifier
    client.close()
    #expect(isGone(process))
    #expect(now() - began < 1.5, "it left by itself")
  }

  /// It may have something to finish, but not for ever.
  @Test func aHelperThatStaysIsEnded() throws {
    let helper = try ScriptedHelper("answer; exec sleep 1000")
    let client = try ProxyClient(starting: helper.program)
    let began = now()
    client.close()
    #expect((1.9..<4).contains(now() - began))
    #expect(isGone(helper.process))
  }

  @Test func aHelperMayFinish() throws {
    let helper = try ScriptedHelper("answer; take 1; sleep 0.5; note finished")
    let client = try ProxyClient(starting: helper.program)
    client.close()
    #expect(helper.notes == ["start", "finished"])
    #expect(isGone(helper.process))
  }

  @Test func whatCannotBeStarted() throws {
    let directory = try TemporaryDirectory()
    #expect(failure(try helperProgram("/none", directory.path)) == .noHelper(.start(.noSuchFileOrDirectory)))
    #expect(failure(try helperProgram("/etc/passwd", directory.path)) == .noHelper(.start(.permissionDenied)))
    #expect(failure(try helperProgram("/bin/false", directory.path)) == .noHelper(.ended(1)))
    #expect(failure(try helperProgram(Programs.helper, directory.path + "/none")) == .noHelper(.ended(1)))
    #expect(failure(try helperProgram(Programs.helper, directory.path, ["--none"])) == .noHelper(.ended(1)))
    for (program, directory, option) in [("/a\0b", "/", ""), ("/a", "/\0", ""), ("/a", "/", "-\0")] {
      #expect(throws: Errno.invalidArgument) { try helperProgram(program, directory, [option]) }
    }
    #expect(throws: Errno.noSuchFileOrDirectory) { try helperProgram("", "/") }
    #expect(throws: Errno.noSuchFileOrDirectory) { try helperProgram("/a", "") }
  }

  /// One start for each, and none of them is left.
  @Test(
    arguments: [
      ("exit 3", .ended(3)), ("kill -9 $$", .ended(137)), ("take 11; exit 0", .ended(0)),
      ("take 11; printf 'nonsense' >&3; exec sleep 1000", .nonsense),
      ("exec sleep 1000", .socket(.resourceTemporarilyUnavailable)),
    ] as [(String, ProxyClient.Loss)])
  func whatIsNoHelper(script: String, loss: ProxyClient.Loss) throws {
    let helper = try ScriptedHelper(script)
    var program = try helper.program
    program.startTimeout = 1
    let began = now()
    #expect(failure(program) == .noHelper(loss))
    #expect(now() - began < 3)
    #expect(helper.notes == ["start"])
    #expect(isGone(helper.process))
  }

  /// Beside its end of the socket and a place for its log: nothing that this program has open, ignores or holds back.
  @Test func aHelperInheritsNothing() throws {
    let file = open("/etc/passwd", O_RDONLY)
    defer { close(file) }
    signal(SIGUSR1, SIG_IGN)
    defer { signal(SIGUSR1, SIG_DFL) }
    var held = sigset_t()
    sigemptyset(&held)
    sigaddset(&held, SIGUSR2)
    pthread_sigmask(SIG_BLOCK, &held, nil)
    defer { pthread_sigmask(SIG_UNBLOCK, &held, nil) }
    let helper = try ScriptedHelper(
      """
      ls -l /proc/$$/fd >"$directory/files"
      cat /proc/self/status >"$directory/status"
      readlink /proc/$$/fd/1 /proc/$$/fd/2 | uniq | wc -l >"$directory/logs"
      ps -o pgid= -p $$ >"$directory/group"
      answer; take 1
      """)
    let client = try ProxyClient(starting: helper.program)
    let files = helper.read("files").split(separator: "\n").filter { $0.contains(" -> ") }
    #expect(!files.contains { $0.contains("passwd") })
    #expect(files.count { $0.contains("socket:") } == 1, "\(files)")
    #expect(files.contains { $0.hasSuffix(" 0 -> /dev/null") })
    #expect(helper.read("logs") == "1\n", "standard output is this program's own")
    #expect(signals("SigBlk:", helper) == 0)
    // Of two that are glibc's own it says that they are ignored.
    #expect(signals("SigIgn:", helper)?.nonzeroBitCount ?? .max <= 2)
    #expect(signals("SigIgn:", helper)?.trailingZeroBitCount ?? 0 >= 31)
    #expect(pid_t(helper.read("group").filter(\.isNumber)) == client.processIdentifier)
    client.close()
  }

  private func signals(_ name: String, _ helper: ScriptedHelper) -> UInt64? {
    let line = helper.read("status").split(separator: "\n").first { $0.hasPrefix(name) }
    return line.flatMap { UInt64($0.dropFirst(name.count + 1), radix: 16) }
  }
}
