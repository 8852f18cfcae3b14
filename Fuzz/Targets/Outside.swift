internal import CLinux
internal import Glibc
internal import Linux

/// Objects that aren't a served directory's, or aren't by the server's own mounts, and how they must stay.
struct Outside {
  /// Descriptors of them.
  let objects: [CInt]
  private let watched: [CInt]
  private let statuses: [[Int]]

  /// Makes a directory beside `export`, which is a directory as others than the server have it.
  init(export: borrowing Descriptor) {
    let parent = checked(openat(export.rawValue, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "openat")
    defer { close(parent) }
    let name = "outside-\(getpid())"
    _ = checked(mkdirat(parent, name, 0o777), "mkdirat")
    let directory = checked(openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "openat")
    let file = checked(openat(directory, "file", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600), "openat")
    _ = write(file, "victim", 6)
    _ = checked(mkdirat(directory, "tree", 0o777), "mkdirat")
    _ = checked(symlinkat("file", directory, "link"), "symlinkat")
    _ = checked(mkfifoat(directory, "fifo", 0o666), "mkfifoat")
    func named(_ name: String) -> CInt {
      checked(openat(directory, name, cl_o_path | O_NOFOLLOW | O_CLOEXEC), "openat")
    }
    watched = [directory, file] + ["tree", "link", "fifo"].map(named)
    var ends: [CInt] = [-1, -1]
    _ = checked(pipe(&ends), "pipe")
    objects =
      watched + ends + [
        named("."), named("file"), checked(socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0), "socket"),
        checked(open("/proc/self/fd", cl_o_path | O_CLOEXEC), "open"),
        checked(open("/dev/null", O_RDWR | O_CLOEXEC), "open"), export.rawValue,
        checked(openat(export.rawValue, ".", cl_o_path | O_CLOEXEC), "openat"),
      ]
    statuses = watched.map(Self.status)
  }

  /// Nothing is another than at the start.
  func check() {
    if watched.map(Self.status) != statuses { violated("something outside has changed") }
  }

  /// All but the last access, which others may look at too.
  private static func status(_ file: CInt) -> [Int] {
    var raw = stat()
    _ = checked(fstatat(file, "", &raw, CL_AT_EMPTY_PATH), "fstatat")
    return [
      Int(raw.st_ino), Int(raw.st_mode), Int(raw.st_uid), Int(raw.st_gid), Int(raw.st_nlink), raw.st_size,
      raw.st_mtim.tv_sec, raw.st_mtim.tv_nsec, raw.st_ctim.tv_sec, raw.st_ctim.tv_nsec,
    ]
  }
}
