import Glibc
import GuestChecks

/// What POSIX, and Linux beyond it, promise of files: run on a local file system, where every check has to pass, and in a
/// guest on the share.
///
///     posix-suite DIRECTORY [GROUP...]
///
/// By root, since half of it is about what other users may do. Each group works in a directory of its own name beneath
/// DIRECTORY, which every user can reach.
@main
enum PosixSuite {
  private static let groups: [(name: String, run: @Sendable (inout Suite) -> Void)] = [
    ("open", checkOpen),
    ("creat", checkCreation),
    ("read", checkReading),
    ("write", checkWriting),
    ("lseek", checkSeeking),
    ("truncate", checkTruncation),
    ("mkdir", checkMaking),
    ("rmdir", checkRemoval),
    ("link", checkHardLinks),
    ("symlink", checkSymbolicLinks),
    ("unlink", checkUnlinking),
    ("rename", checkRenaming),
    ("renamedir", checkRenamingDirectories),
    ("chmod", checkModes),
    ("umask", checkUmask),
    ("chown", checkOwners),
    ("utimensat", checkSetTimes),
    ("times", checkMovedTimes),
    ("stat", checkStatus),
    ("access", checkAccess),
    ("search", checkDirectoryPermissions),
    ("sticky", checkStickyDirectories),
    ("names", checkNames),
    ("paths", checkPaths),
    ("fifo", checkFIFOs),
    ("mknod", checkNodes),
    ("socket", checkSockets),
    ("fcntl", checkRecordLocks),
    ("flock", checkFileLocks),
    ("mmap", checkMappings),
    ("readdir", checkListing),
    ("sync", checkSyncing),
    ("direct", checkDirectAccess),
    ("fallocate", checkAllocation),
    ("xattr", checkExtendedAttributes),
  ]

  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard let directory = arguments.first else {
      say("usage: posix-suite DIRECTORY [GROUP...]")
      exit(2)
    }
    umask(0o022)
    var suite = Suite("posix-suite", directory: directory)
    for group in groups where arguments.count == 1 || arguments.contains(group.name) {
      suite.enter(group.name)
      group.run(&suite)
    }
    suite.finish()
  }
}
