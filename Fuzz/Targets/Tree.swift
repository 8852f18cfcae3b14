internal import CLinux
internal import Glibc

/// The files that each input finds. All names are of one length: a mutation that puts one in another's place leaves the
/// lengths around it right. `Fuzz/names.dict` has them too.
struct Tree {
  /// The directory. Nothing is removed but by its name in a directory that is this one or was found in it.
  let root: CInt

  /// Makes it what it always is at the start, and the working directory.
  func reset() {
    _ = checked(fchdir(root), "fchdir")
    _ = checked(fchown(root, geteuid(), getegid()), "fchown")
    _ = checked(fchmod(root, 0o755), "fchmod")
    removeAttributes()
    empty()
    let file = checked(open("file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644), "open")
    _ = write(file, "contents", 8)
    // Not every file system has them.
    _ = fsetxattr(file, "user.a", "value", 5, 0)
    close(file)
    _ = checked(mkdir("tree", 0o755), "mkdir")
    _ = checked(mkdir("tree/node", 0o700), "mkdir")
    _ = checked(symlink("file", "link"), "symlink")
    _ = checked(symlink("nowhere", "gone"), "symlink")
    _ = checked(symlink("/../../..", "away"), "symlink")
    _ = checked(mkfifo("fifo", 0o666), "mkfifo")
  }

  private func empty() {
    Self.empty(checked(openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "openat"))
  }

  private static func empty(_ directory: CInt) {
    guard let entries = fdopendir(directory) else { violated("fdopendir: errno \(errno)") }
    defer { closedir(entries) }
    while let entry = readdir(entries) {
      withUnsafePointer(to: &entry.pointee.d_name.0) { name in
        if strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || unlinkat(directory, name, 0) == 0 { return }
        empty(checked(openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), "openat"))
        _ = checked(unlinkat(directory, name, AT_REMOVEDIR), "unlinkat")
      }
    }
  }

  private func removeAttributes() {
    var rest = flistxattr(root, nil, 0)
    guard rest > 0 else { return }
    var names = [CChar](repeating: 0, count: rest)
    rest = max(0, flistxattr(root, &names, rest))
    while rest > 0 {
      // Those that may not be removed weren't set by us.
      _ = fremovexattr(root, names)
      let count = strlen(names) + 1
      names.removeFirst(count)
      rest -= count
    }
  }
}
