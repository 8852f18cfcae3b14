import CLinux
import Glibc

/// A helper that runs on its CPU, and our end of its socket.
final class Peer {
  let name: String
  let socket: CInt
  let process: pid_t
  private let log: String

  /// - Parameters:
  ///   - command: its `{}` stands for the number of the descriptor that the helper inherits.
  ///   - log: a file that gets what it says.
  init(_ name: String, _ command: [String], at placement: Placement, log: String) throws(Failure) {
    var ends: [CInt] = [-1, -1]
    let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw Failure("socketpair", errno: errno) }
    defer { close(ends[1]) }
    self.name = name
    self.log = log
    socket = ends[0]
    process = try Self.spawn(
      placement.pinned(command.map { $0 == "{}" ? "\(Self.descriptor)" : $0 }), socket: ends[1], log: log)
  }

  /// The most memory that it ever had resident, in kilobytes.
  func peakMemory() throws(Failure) -> Int {
    let value = try ProcessStatus("\(process)")["VmHWM"]?.prefix { $0.isNumber }
    guard let kilobytes = value.flatMap({ Int($0) }) else { throw Failure("no VmHWM of \(name)") }
    return kilobytes
  }

  /// Lets it end, which it does by itself when its client has gone.
  func end() {
    close(socket)
    _ = Self.wait(for: process)
  }

  /// What it said, for whoever wants to know why it doesn't answer.
  var lastWords: String {
    String(((try? readText(log)) ?? "").suffix(2000))
  }

  /// The number under which a helper inherits its socket.
  private static let descriptor: CInt = 3

  /// Waits for a process's end; returns what `waitpid` says of it.
  static func wait(for process: pid_t) -> CInt {
    var status: CInt = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status
  }

  static func spawn(_ command: [String], socket: CInt?, log: String?) throws(Failure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log ?? "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    // Where both numbers are the same this still clears close-on-exec.
    if let socket { posix_spawn_file_actions_adddup2(&actions, socket, descriptor) }
    // The sockets of the other peers: those would never see their client go.
    posix_spawn_file_actions_addclosefrom_np(&actions, socket == nil ? descriptor : descriptor + 1)

    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    let result = posix_spawnp(&process, command[0], &actions, nil, arguments, environ)
    guard result == 0 else { throw Failure("can't start \(command[0])", errno: result) }
    return process
  }
}
