/// Checks of the POSIX suite that fail on a share, why, and behind whom.
///
/// What isn't listed here has to pass, and what is has to fail: a reason that has gone goes from here too.
struct KnownFailure {
  let why: String
  let servers: Set<PosixServer>
  let checks: [String]

  static func all(of server: PosixServer) -> [KnownFailure] { all.filter { $0.servers.contains(server) } }

  static let all: [KnownFailure] = [
    // The guest's client.
    KnownFailure(
      why: "Linux's client keeps whole seconds of a time that is set (6.1)",
      servers: PosixServer.all, checks: ["utimensat: nanoseconds"]),
    KnownFailure(
      why: "Linux's client has no writable shared mapping with cache=none; with cache=mmap these pass",
      servers: PosixServer.all, checks: ["mmap: shared, written, reaches the file", "mmap: shared between processes"]),
    KnownFailure(
      why: "Linux's client looks the working directory up by its name again, which is gone",
      servers: PosixServer.all, checks: ["rmdir: the directory one is in"]),
    // Locks, which QEMU grants to everybody without a look, so that those of two guests don't keep each other out.
    KnownFailure(
      why: "9P names a lock's owner by its process, and a lock of flock is its whole family's",
      servers: PosixServer.ninePs, checks: ["flock: a child inherits the lock"]),
    // QEMU's 9p server.
    KnownFailure(
      why:
        "QEMU knows a file by its path: without a name it is lost, and with another's name it is taken for the other",
      servers: PosixServer.qemu,
      checks: [
        "unlink: ftruncate of an open file", "unlink: fchmod and fchown of an open file",
        "unlink: futimens of an open file", "unlink: an extended attribute of an open file",
        "unlink: a new file of that name is another", "unlink: a file that was replaced by rename has no links",
      ]),
    KnownFailure(
      why: "to QEMU, setting an empty value is removing the attribute",
      servers: PosixServer.qemu, checks: ["xattr: an empty value"]),
    // Its proxy driver.
    KnownFailure(
      why: """
        QEMU's driver sends the modification time's nanoseconds with the access time, and by these numbers a time is \
        left alone
        """,
      servers: PosixServer.proxy,
      checks: ["utimensat: UTIME_OMIT of the one leaves it", "utimensat: moves the time of change"]),
    KnownFailure(
      why: "QEMU, an ordinary user, writes to the descriptor itself, so the kernel takes the bits away",
      servers: PosixServer.proxy, checks: ["write: by root leaves the set-id bits"]),
    KnownFailure(
      why: "the process that speaks with the client and writes has no capability, so the kernel takes the bits away",
      servers: [.ninepSplit, .virtioSplit], checks: ["write: by root leaves the set-id bits"]),
    KnownFailure(
      why: "it takes no path that is as long as the kernel's",
      servers: [.original], checks: ["paths: of 4095 bytes"]),
    // Its local driver.
    KnownFailure(
      why: "QEMU writes as root, or keeps the mode where the kernel doesn't know of it, so the bits stay",
      servers: PosixServer.local, checks: ["write: by others takes the set-id bits away"]),
    KnownFailure(
      why: "an attribute that keeps owner and mode takes a block of its own",
      servers: [.mapped], checks: ["creat: a new file is empty and has one link"]),
    KnownFailure(
      why: "QEMU 7.2 opens a new node to set its mode, which it then refuses to open",
      servers: [.passthrough],
      checks: [
        "truncate: what is no file", "link: of a FIFO", "rename: of a FIFO", "chmod: of a FIFO",
        "umask: counts for a FIFO", "umask: counts for a socket", "chown: of directory, FIFO and device",
        "times: of a directory by mkfifo", "times: of a directory by rename out of it",
        "times: of a directory by rename into it", "fifo: mkfifo of what is there or where nothing is",
        "fifo: is its maker's", "fifo: O_WRONLY and O_NONBLOCK without a reader",
        "fifo: O_RDONLY and O_NONBLOCK without a writer reads its end", "fifo: joins two processes",
        "fifo: isn't sought in", "fifo: without a permission isn't opened", "fifo: has its size and links",
        "mknod: makes fifo", "mknod: makes socket", "mknod: makes character", "mknod: makes block",
        "mknod: makes large", "mknod: over what is there", "mknod: no device by a user",
        "mknod: a device is renamed, linked, changed and removed", "socket: bind makes a socket, with the umask",
        "socket: bind to what is there", "socket: connect, and bytes go through",
        "socket: connect to a socket that nobody listens at, and to none", "socket: open of a socket",
        "socket: connect needs the permission to write", "readdir: tells types",
        "xattr: not of a symbolic link or a FIFO",
      ]),
  ]
}
