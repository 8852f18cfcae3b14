import Glibc

// What the kernel says of a program that runs.
extension Spawned {
  /// Descriptors that it has open, as far as the test may see: -1 where it runs as an ordinary user.
  package func openDescriptors() -> Int {
    var count = 0
    guard let stream = opendir("/proc/\(identifier)/fd") else { return -1 }
    while readdir(stream) != nil { count += 1 }
    closedir(stream)
    return count
  }

  /// Kilobytes of memory that it has: VmRSS.
  package func residentMemory() throws -> Int { try number("VmRSS") }

  package func threads() throws -> Int { try number("Threads") }

  private func number(_ field: String) throws -> Int {
    let status = readFile("/proc/\(identifier)/status") ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix(field + ":") }
    guard let number = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }) else {
      throw HarnessError("no \(field) of \(identifier)")
    }
    return number
  }
}
