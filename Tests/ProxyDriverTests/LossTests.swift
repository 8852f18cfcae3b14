import Glibc
import HelperHarness
import Linux
@testable import ProxyDriver
import ProxyProtocol
import Synchronization
import Testing

/// Kills helpers, each once, at random moments.
private final class Killer: Sendable {
  private let target = Atomic<pid_t>(0)
  private let last = Atomic<pid_t>(0)
  let kills = Atomic(0)

  func aim(at process: pid_t?) {
    guard let process, last.exchange(process, ordering: .relaxed) != process else { return }
    target.store(process, ordering: .relaxed)
  }

  func strike() {
    usleep(UInt32.random(in: 100...6000))
    let process = target.exchange(0, ordering: .relaxed)
    // As often as a client starts another.
    guard process != 0, kills.load(ordering: .relaxed) < 4 else { return }
    kill(process, SIGKILL)
    kills.add(1, ordering: .relaxed)
  }
}

/// What becomes of a client whose helper has died.
@Suite(.serialized) struct LossTests {
  @Test(arguments: HelperKind.started)
  func aKilledHelperIsReplaced(kind: HelperKind) throws {
    let share = try Share(kind)
    try share.makeFile("/file", "hello")
    let file = try share.client.open("/file", flags: O_RDWR)
    for round in 0..<4 {
      let process = share.client.processIdentifier
      #expect(killed(process))
      try share.client.makeDirectory(Bytes("/directory\(round)"))
      #expect(share.client.processIdentifier != process)
      #expect(isGone(process))
    }
    var text = [UInt8](repeating: 0, count: 5)
    #expect(pread(file.rawValue, &text, 5, 0) == 5, "descriptors are their holders'")
    #expect(Tree.names(in: share.directory.path).count == 5)
  }

  /// Whatever moment it dies at: nothing is done twice, and what succeeded is done.
  @Test(arguments: HelperKind.started)
  func nothingIsDoneTwice(kind: HelperKind) throws {
    var (successes, losses, kills) = (0, 0, 0)
    for round in 0..<8 {
      let share = try Share(kind)
      let killer = Killer()
      let thread = try HostThread { killer.strike() }
      for index in 0..<100 {
        killer.aim(at: share.client.processIdentifier)
        let name = Bytes("/\(round)-\(index)")
        do throws(ProxyClient.Failure) {
          try share.client.makeDirectory(name)
          successes += 1
          #expect(throws: Never.self) { try share.status(onHost: name) }
        } catch .lost(let loss) {
          losses += 1
          #expect(loss == .ended(137))
        } catch {
          Issue.record("\(error)")
        }
      }
      // Before the process ends in another way, and its number may be another's.
      thread.stop()
      withExtendedLifetime(share) {}
      kills += killer.kills.load(ordering: .relaxed)
    }
    print("\(kind): \(kills) killed, \(successes) calls succeeded, \(losses) lost")
    #expect(kills > 8)
  }

  /// It has read the request, so it may have acted: the caller is told, and the next call has another helper.
  @Test func whatMayBeDoneIsNotAskedAgain() throws {
    let helper = try ScriptedHelper("answer; take 24; note done; kill -9 $$")
    var client = try ProxyClient(starting: helper.program)
    #expect(throws: ProxyClient.Failure.lost(.ended(137))) { try client.makeDirectory("/d") }
    #expect(helper.notes == ["start", "done"])
    #expect(client.processIdentifier == nil)
    #expect(throws: ProxyClient.Failure.lost(.ended(137))) { try client.makeDirectory("/d") }
    #expect(helper.notes == ["start", "done", "start", "done"])
  }

  /// It ended with the request unread, or with a part of it: the next helper gets all of it.
  @Test(arguments: [0, 8, 10])
  func whatWasNotReadIsAskedAgain(read: Int) throws {
    let helper = try ScriptedHelper(
      "answer; if [ $starts = 1 ]; then sleep 0.2; take \(read); exit 5; fi; answer; note answered; take 1")
    var client = try ProxyClient(starting: helper.program)
    #expect(throws: refused(ENOENT)) { try client.status("/") }
    #expect(helper.notes.prefix(2) == ["start", "start"])
    client.close()
  }

  /// A call starts one helper at most, and all of them five within ten seconds.
  @Test func aHelperThatDiesOfEveryRequestIsNotStartedForEver() throws {
    let helper = try ScriptedHelper("answer; take 11; exit 4")
    var client = try ProxyClient(starting: helper.program)
    for _ in 0..<5 { #expect(throws: ProxyClient.Failure.lost(.ended(4))) { try client.status("/") } }
    for _ in 0..<20 { #expect(throws: ProxyClient.Failure.noHelper(.tooManyStarts)) { try client.status("/") } }
    #expect(helper.notes.count == 5)
  }

  @Test func aHelperThatDiesAtOnceIsStartedOnceForACall() throws {
    let helper = try ScriptedHelper("if [ $starts = 1 ]; then answer; exit 0; fi; exit 6")
    var client = try ProxyClient(starting: helper.program)
    #expect(eventually { kill(client.processIdentifier ?? 0, 0) == 0 })
    usleep(50_000)
    for count in 2...5 {
      #expect(throws: ProxyClient.Failure.noHelper(.ended(6))) { try client.status("/") }
      #expect(helper.notes.count == count)
    }
    #expect(throws: ProxyClient.Failure.noHelper(.tooManyStarts)) { try client.status("/") }
    #expect(helper.notes.count == 5)
  }

  @Test func startsAreCountedWithinTheLastTenSeconds() {
    var limit = StartLimit()
    let second: UInt64 = 1_000_000_000
    let times: [UInt64] = [100, 101, 102, 103, 104, 105, 109, 110, 110, 111, 112, 112]
    let permitted = times.map { limit.permits(at: $0 * second) }
    #expect(permitted == [true, true, true, true, true, false, false, true, false, true, true, false])
  }

  @Test(.enabled(if: hasRoot(), "needs root: the helper gives its socket to a user"))
  func aNamedHelperIsConnectedToAgain() throws {
    let directory = try TemporaryDirectory()
    let socket = directory.path + "/socket"
    func start() throws -> Spawned {
      let process = try spawn(
        Programs.helper, ["-n", "-p", directory.path, "-s", socket, "-u", "0", "-g", "0"], output: try Output())
      #expect(eventually { access(socket, F_OK) == 0 })
      usleep(100_000)
      return process
    }
    let name = Bytes(socket)
    #expect(throws: ProxyClient.Failure.noHelper(.connect(.noSuchFileOrDirectory))) {
      _ = try ProxyClient(connectingTo: name.raw.span)
    }
    let first = try start()
    var client = try ProxyClient(connectingTo: name.raw.span)
    #expect(client.processIdentifier == nil)
    #expect(try client.status("/").mode & S_IFMT == S_IFDIR)
    first.signal(SIGKILL)
    #expect(first.wait(seconds: 5) == 128 + SIGKILL)
    for _ in 0..<10 {
      #expect(throws: ProxyClient.Failure.noHelper(.connect(.noSuchFileOrDirectory))) { try client.status("/") }
    }
    let second = try start()
    #expect(try client.status("/").mode & S_IFMT == S_IFDIR)
    client.close()
    #expect(second.wait(seconds: 5) == 0, "it saw its client leave")
  }

  @Test func socketsThatHaveNoPath() {
    for path in ["", "/a\0b"] as [Bytes] {
      #expect(throws: ProxyClient.Failure.noHelper(.connect(.invalidArgument))) {
        _ = try ProxyClient(connectingTo: path.raw.span)
      }
    }
    let long = Bytes("/" + String(repeating: "s", count: 107))
    #expect(throws: ProxyClient.Failure.noHelper(.connect(.fileNameTooLong))) {
      _ = try ProxyClient(connectingTo: long.raw.span)
    }
  }

  @Test func anAdoptedHelperIsNotReplaced() throws {
    let start = HelperKind.start
    let directory = try TemporaryDirectory()
    try start.own(directory.path)
    var helper = try RunningHelper(
      start, serving: directory.path, HelperKind.rootless.options, output: try Output())
    var client = ProxyClient(adopting: try helper.takeSocket())
    #expect(client.processIdentifier == nil)
    #expect(try client.status("/").mode & S_IFMT == S_IFDIR)
    helper.process.signal(SIGKILL)
    helper.process.wait()
    for _ in 0..<3 { #expect(throws: ProxyClient.Failure.noHelper(.closed)) { try client.status("/") } }
  }

  @Test(arguments: HelperKind.started)
  func clientsShareNothing(kind: HelperKind) throws {
    let shares = try (0..<4).map { _ in try Share(kind) }
    for (index, share) in shares.enumerated() { try share.makeFile("/\(index)") }
    let processes = shares.map { $0.client.processIdentifier }
    #expect(Set(processes).count == 4)
    #expect(killed(processes[1]))
    for (index, share) in shares.enumerated() {
      for other in shares.indices {
        let name = Bytes("/\(other)")
        if other == index {
          #expect(try share.client.status(name).size == 0)
        } else {
          #expect(throws: refused(ENOENT)) { try share.client.status(name) }
        }
      }
      #expect((share.client.processIdentifier == processes[index]) == (index != 1))
    }
  }
}
