import Foundation

/// What went wrong with the rig itself, in words.
struct RigError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// A process that a test started, told apart from all others by its id alone.
final class Spawned: Sendable {
  let id: pid_t
  let name: String
  /// Where its output went.
  let log: URL

  /// Starts a program whose output, of both kinds, goes to `log`.
  ///
  /// `descriptors` names what it inherits beyond the three: its number there, and ours.
  init(
    _ program: String, _ arguments: [String], log: URL, environment: [String: String] = [:],
    descriptors: [(there: CInt, here: CInt)] = []
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, log.path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    for descriptor in descriptors {
      posix_spawn_file_actions_adddup2(&actions, descriptor.here, descriptor.there)
    }

    // The test runner may ignore or block signals, which a child would inherit.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    let all = ProcessInfo.processInfo.environment.merging(environment) { _, ours in ours }
    let words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    let settings: [UnsafeMutablePointer<CChar>?] = all.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in words + settings { free(pointer) } }
    var id: pid_t = 0
    let code = posix_spawnp(&id, program, &actions, &attributes, words, settings)
    if code != 0 { throw RigError("\(program) can't be started: \(String(cString: strerror(code)))") }
    self.id = id
    self.name = URL(fileURLWithPath: program).lastPathComponent
    self.log = log
  }

  /// Waits for the end and returns the exit status (128 and the signal's number for a death by signal, as shells say
  /// it). A process that takes longer than `seconds` is killed.
  func status(within seconds: Double) async throws -> Int {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while true {
      var status: CInt = 0
      let ended = waitpid(id, &status, WNOHANG)
      if ended == id { return Int(status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + status & 0x7f) }
      if ended == -1 { throw RigError("\(name): waitpid: \(String(cString: strerror(errno)))") }
      if Date() > deadline {
        kill(id, SIGKILL)
        waitpid(id, &status, 0)
        throw RigError("\(name) didn't end within \(Int(seconds)) s; the end of its output:\n\(tail)")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Kills the process, where a test ends before its time. One that has been waited for is left alone.
  func killIfRunning() {
    var status: CInt = 0
    if waitpid(id, &status, WNOHANG) == 0 {
      kill(id, SIGKILL)
      waitpid(id, &status, 0)
    }
  }

  var output: String {
    String(decoding: (try? Data(contentsOf: log)) ?? Data(), as: UTF8.self)
  }

  /// The last lines of its output.
  var tail: String {
    output.split(separator: "\n").suffix(25).joined(separator: "\n")
  }
}

/// Waits until something holds; false says that it didn't in time.
func eventually(within seconds: Double = 10, _ holds: () -> Bool) async throws -> Bool {
  let deadline = Date(timeIntervalSinceNow: seconds)
  while !holds() {
    if Date() > deadline { return false }
    try await Task.sleep(for: .milliseconds(10))
  }
  return true
}
