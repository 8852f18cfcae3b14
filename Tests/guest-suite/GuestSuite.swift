import Glibc
import GuestChecks

/// What the end-to-end tests run inside the guest: checks on a mounted share, one line each, told from the console.
///
///     guest-suite DIRECTORY [GROUP...]
///     guest-suite --lock FILE
///
/// With `--lock` it does nothing but lock a file, say so, and keep the lock until it is killed.
///
/// Each group works in a directory of its own name beneath DIRECTORY. `host` looks at what the host has put there
/// before, and `left` leaves a tree for the host to look at afterwards.
@main
enum GuestSuite {
  private static let groups: [(name: String, run: @Sendable (inout Suite) -> Void)] = [
    ("host", checkHostFiles),
    ("contents", checkContents),
    ("opening", checkOpening),
    ("unlinked", checkUnlinked),
    ("directories", checkDirectories),
    ("renaming", checkRenaming),
    ("links", checkLinks),
    ("names", checkNames),
    ("attributes", checkAttributes),
    ("ids", checkLargestIds),
    ("times", checkTimes),
    ("xattrs", checkExtendedAttributes),
    ("nodes", checkNodes),
    ("users", checkUsers),
    ("setgid", checkSetGroupID),
    ("paths", checkLongPaths),
    ("depths", checkDeepPaths),
    ("writers", checkWriters),
    ("left", leaveFiles),
  ]

  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard let directory = arguments.first else {
      say("usage: guest-suite DIRECTORY [GROUP...]")
      exit(2)
    }
    if directory == "--lock", arguments.count == 2 { keepLock(of: arguments[1]) }
    umask(0o022)
    var suite = Suite("guest-suite", directory: directory)
    for group in groups where arguments.count == 1 || arguments.contains(group.name) {
      suite.enter(group.name)
      group.run(&suite)
    }
    suite.finish()
  }

  private static func keepLock(of path: String) -> Never {
    let file = open(path, O_RDWR | O_CREAT, 0o644)
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    guard file >= 0, fcntl(file, F_SETLK, &lock) == 0 else {
      say("lock of \(path): \(String(cString: strerror(errno)))")
      exit(1)
    }
    say("locked \(path)")
    while true { pause() }
  }
}
