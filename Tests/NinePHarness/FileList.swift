import Glibc
import HelperHarness

/// What the host sees in a directory.
package enum FileList {
  /// All names but `.` and `..`, in order.
  package static func names(_ path: String) throws -> [String] {
    guard let directory = opendir(path) else { throw HarnessError("opendir: errno \(errno)") }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
