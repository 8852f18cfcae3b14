import CLinux
import Glibc

/// A program that a test started. It is killed if the test forgets it.
package final class Spawned: @unchecked Sendable {
  package let identifier: pid_t
  private var status: CInt?

  fileprivate init(_ identifier: pid_t) {
    self.identifier = identifier
  }

  deinit {
    if status == nil {
      kill(identifier, SIGKILL)
      wait()
    }
  }

  /// Waits for its end.
  ///
  /// - Returns: its exit status, or 128 and the signal that ended it.
  @discardableResult
  package func wait() -> CInt {
    if let status { return status }
    var raw: CInt = 0
    while waitpid(identifier, &raw, 0) < 0, errno == EINTR {}
    return remember(raw)
  }

  /// Waits for its end, but not longer than this.
  ///
  /// - Returns: as ``wait()`` does, or nil where it still runs.
  package func wait(seconds: Double) -> CInt? {
    if let status { return status }
    for _ in 0..<Int(seconds * 200) {
      var raw: CInt = 0
      if waitpid(identifier, &raw, WNOHANG) == identifier { return remember(raw) }
      usleep(5000)
    }
    return nil
  }

  package func signal(_ number: CInt) {
    kill(identifier, number)
  }

  private func remember(_ raw: CInt) -> CInt {
    let signal = raw & 0x7f
    let result = signal == 0 ? raw >> 8 & 0xff : 128 + signal
    status = result
    return result
  }
}

/// Starts a program.
///
/// - Parameters:
///   - inheriting: descriptors that it gets, each under the given number. All others are closed.
///   - output: where its standard output and error go; our own where nil.
package func spawn(
  _ program: String, _ arguments: [String], inheriting: [(from: CInt, to: CInt)] = [], output: Output? = nil,
  environment: [String: String] = [:]
) throws -> Spawned {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  // Descriptors of other tests that run meanwhile must not leak into this one: their peers would never see an end.
  // So each is put where no other is, beyond what is then closed.
  let high: CInt = 900
  for (index, pair) in inheriting.enumerated() {
    posix_spawn_file_actions_adddup2(&actions, pair.from, high + CInt(index))
  }
  if let output {
    posix_spawn_file_actions_adddup2(&actions, output.descriptor, 1)
    posix_spawn_file_actions_adddup2(&actions, output.descriptor, 2)
  }
  for (index, pair) in inheriting.enumerated() {
    posix_spawn_file_actions_adddup2(&actions, high + CInt(index), pair.to)
  }
  // What is left beyond the highest one wanted goes; between, tests open everything close-on-exec.
  let last = max(2, inheriting.map(\.to).max() ?? 2)
  posix_spawn_file_actions_addclosefrom_np(&actions, last + 1)

  // As from a shell, whatever the process that runs the tests ignores or holds back.
  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  var signals = sigset_t()
  sigfillset(&signals)
  posix_spawnattr_setsigdefault(&attributes, &signals)
  sigemptyset(&signals)
  posix_spawnattr_setsigmask(&attributes, &signals)
  posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

  var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
  argv.append(nil)
  defer { argv.forEach { free($0) } }
  var variables = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "SWIFT_BACKTRACE=enable=no"]
  variables += environment.map { "\($0.key)=\($0.value)" }
  var envp: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) }
  envp.append(nil)
  defer { envp.forEach { free($0) } }

  var identifier: pid_t = 0
  let result = posix_spawn(&identifier, program, &actions, &attributes, &argv, &envp)
  guard result == 0 else { throw HarnessError("can't start \(program): \(String(cString: strerror(result)))") }
  return Spawned(identifier)
}
