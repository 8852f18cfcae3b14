import Glibc

/// What a program wrote, kept in a file that has no name.
package final class Output: Sendable {
  package let descriptor: CInt

  package init() throws {
    var template = Array("/tmp/postern-output-XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw HarnessError("mkostemp: errno \(errno)") }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    unlink(template)
  }

  deinit {
    close(descriptor)
  }

  package var text: String {
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  package var lines: [Substring] { text.split(separator: "\n") }
}

/// A small file's text, such as one of /proc's; nil where it can't be read.
package func readFile(_ path: String) -> String? {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var text: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(file, &buffer, buffer.count)
    guard count > 0 else { return String(decoding: text, as: UTF8.self) }
    text += buffer.prefix(count)
  }
}

/// Tries again until it holds, for a few seconds.
package func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<1000 {
    if try condition() { return true }
    usleep(5000)
  }
  return false
}
