import Glibc

/// Counts how often files are opened, by anybody. The system calls are those of `inotify(7)`.
package final class OpenWatch {
  private let descriptor: CInt

  package init() throws {
    descriptor = inotify_init1(CInt(IN_NONBLOCK | IN_CLOEXEC))
    try check(descriptor, "inotify_init1")
  }

  deinit { close(descriptor) }

  package func add(_ path: String) throws {
    try check(inotify_add_watch(descriptor, path, UInt32(IN_OPEN)), "inotify_add_watch \(path)")
  }

  /// How many there were since this was last asked.
  package func openings() -> Int {
    var (count, bytes) = (0, [UInt8](repeating: 0, count: 4096))
    while true {
      let size = read(descriptor, &bytes, bytes.count)
      guard size > 0 else { return count }
      // A watched file's events have no name.
      count += size / MemoryLayout<inotify_event>.size
    }
  }
}
