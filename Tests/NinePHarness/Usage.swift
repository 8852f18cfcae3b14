import Glibc

/// What this process has.
package enum Usage {
  package static var descriptors: Int { (try? FileList.names("/proc/self/fd").count) ?? -1 }
  package static var threads: Int { (try? FileList.names("/proc/self/task").count) ?? -1 }

  /// Resident bytes.
  package static var memory: Int {
    let file = open("/proc/self/statm", O_RDONLY)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 200)
    let count = read(file, &bytes, bytes.count)
    let words = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
    return words.count > 1 ? (Int(words[1]) ?? 0) * 4096 : 0
  }
}
