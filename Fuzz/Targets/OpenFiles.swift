internal import Glibc

/// The descriptors that the process has.
enum OpenFiles {
  /// Does something that must leave none behind.
  static func checkLeftBy(_ body: () -> Void) {
    // Others, such as the server's first, may come once meanwhile, and those that are left come each time.
    for _ in 0..<3 {
      let before = count()
      body()
      if count() <= before { return }
    }
    violated("descriptors are left")
  }

  private static func count() -> Int {
    guard let entries = opendir("/proc/self/fd") else { violated("opendir: errno \(errno)") }
    defer { closedir(entries) }
    var count = 0
    while readdir(entries) != nil { count += 1 }
    return count
  }
}
