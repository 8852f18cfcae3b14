import CLinux
import Glibc

/// What the benchmark runs inside the guest: work on a mounted share, one line each with the time that it took.
///
///     guest-bench DIRECTORY FILES MEGABYTES
///
/// Prints `guest-bench: MICROSECONDS NAME` for each, and `guest-bench: done` at its end.
@main
enum GuestBench {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let files = Int(arguments[2]), let megabytes = Int(arguments[3]),
      chdir(arguments[1]) == 0
    else {
      print("usage: guest-bench DIRECTORY FILES MEGABYTES")
      exit(2)
    }
    umask(0)
    measureFiles(files)
    measureTree(files / 4)
    measureContents(megabytes)
    print("guest-bench: done")
  }

  /// One call after the other, each on a file of its own.
  private static func measureFiles(_ count: Int) {
    expect(mkdir("files", 0o777), "mkdir files")
    measure("create \(count)") {
      for index in 0..<count { create("files/root-\(index)") }
    }
    measure("create \(count) as 1000") {
      asUser(1000) {
        for index in 0..<count { create("files/user-\(index)") }
      }
    }
    measure("stat \(count)") {
      var status = stat()
      for index in 0..<count { expect(stat("files/root-\(index)", &status), "stat") }
    }
    measure("rename \(count)") {
      for index in 0..<count { expect(rename("files/root-\(index)", "files/renamed-\(index)"), "rename") }
    }
    measure("remove \(count)") {
      for index in 0..<count { expect(unlink("files/renamed-\(index)"), "unlink") }
    }
  }

  /// Programs that work on a tree of small files in directories of twenty.
  private static func measureTree(_ count: Int) {
    let tree = "/tmp/tree"
    expect(mkdir(tree, 0o755), "mkdir \(tree)")
    for index in 0..<count {
      let directory = "\(tree)/directory-\(index / 20)"
      if index % 20 == 0 { expect(mkdir(directory, 0o755), "mkdir") }
      let file = create("\(directory)/file-\(index)", keepOpen: true)
      let text = [UInt8](repeating: UInt8(ascii: "x"), count: 1000 + 37 * (index % 100))
      expect(write(file, text, text.count), "write")
      close(file)
    }
    busybox("tar", "-c", "-f", "/tmp/tree.tar", "-C", "/tmp", "tree")
    measure("tar x (\(count) files)") { busybox("tar", "-x", "-f", "/tmp/tree.tar") }
    measure("find (\(count) files)") { busybox("find", "tree", "-type", "f", "-name", "none") }
  }

  /// One large file from its start to its end.
  private static func measureContents(_ megabytes: Int) {
    let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 18)
    measure("write \(megabytes) MB") {
      let file = create("large", keepOpen: true)
      for _ in 0..<4 * megabytes {
        guard write(file, piece, piece.count) == piece.count else { fail("write") }
      }
      close(file)
    }
    measure("read \(megabytes) MB") {
      let file = open("large", O_RDONLY)
      expect(file, "open")
      var buffer = piece
      var sum = 0
      while true {
        let count = read(file, &buffer, buffer.count)
        expect(count, "read")
        guard count > 0 else { break }
        sum += count
      }
      guard sum == megabytes << 20 else { fail("read: \(sum) bytes") }
      close(file)
    }
  }

  private static func measure(_ name: String, _ body: () -> Void) {
    let began = now()
    body()
    print("guest-bench: \(now() - began) \(name)")
  }

  /// Microseconds.
  private static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
  }

  @discardableResult
  private static func create(_ path: String, keepOpen: Bool = false) -> CInt {
    let file = open(path, O_CREAT | O_EXCL | O_WRONLY, 0o644)
    expect(file, "create \(path)")
    if !keepOpen { close(file) }
    return file
  }
}

/// Runs `body` in a child that is this user.
private func asUser(_ id: uid_t, _ body: () -> Void) {
  // Nothing is to come out twice.
  fflush(nil)
  let child = cl_fork()
  if child == 0 {
    expect(setgid(id), "setgid")
    expect(setuid(id), "setuid")
    body()
    _exit(0)
  }
  expectSuccess(of: pid_t(child), "the child of user \(id)")
}

private func busybox(_ arguments: String...) {
  var words: [UnsafeMutablePointer<CChar>?] = (["busybox"] + arguments).map { strdup($0) } + [nil]
  defer { for word in words { free(word) } }
  var child: pid_t = 0
  guard posix_spawn(&child, "/bin/busybox", nil, nil, &words, environ) == 0 else { fail("posix_spawn") }
  expectSuccess(of: child, arguments[0])
}

private func expectSuccess(of child: pid_t, _ what: String) {
  var status: CInt = 0
  expect(waitpid(child, &status, 0), "waitpid")
  if status != 0 { fail("\(what): status \(status)") }
}

private func expect(_ result: some SignedInteger, _ what: String) {
  if result < 0 { fail("\(what): \(String(cString: strerror(errno)))") }
}

private func fail(_ what: String) -> Never {
  print("guest-bench: FAILED: \(what)")
  exit(1)
}
