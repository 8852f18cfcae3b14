import Glibc

// What the kernel says of a program that runs, and of those that it has started.
extension Spawned {
  /// Descriptors that they have open, as far as the test may see: -1 where they run as an ordinary user.
  package func openDescriptors() -> Int {
    let counts = family.map { process in
      guard let stream = opendir("/proc/\(process)/fd") else { return -1 }
      defer { closedir(stream) }
      var count = 0
      while readdir(stream) != nil { count += 1 }
      return count
    }
    return counts.contains(-1) ? -1 : counts.reduce(0, +)
  }

  /// Kilobytes of memory that they have: VmRSS.
  package func residentMemory() throws -> Int { try sum("VmRSS") }

  package func threads() throws -> Int { try sum("Threads") }

  /// Its number, and theirs.
  package var family: [pid_t] {
    let children = readFile("/proc/\(identifier)/task/\(identifier)/children") ?? ""
    return [identifier] + children.split(whereSeparator: \.isWhitespace).compactMap { pid_t($0) }
  }

  private func sum(_ field: String) throws -> Int {
    try family.reduce(0) { sum, process in
      let status = readFile("/proc/\(process)/status") ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix(field + ":") }
      guard let number = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }) else {
        throw HarnessError("no \(field) of \(process)")
      }
      return sum + number
    }
  }
}
