import Glibc
import HelperHarness

func text(_ path: String) throws -> String {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { throw HarnessError("\(path): errno \(errno)") }
  defer { close(file) }
  var bytes = [UInt8](repeating: 0, count: 65_536)
  let count = read(file, &bytes, bytes.count)
  return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
}

/// The fields of a file like `/proc/PID/status`, their values with single spaces.
func fields(_ path: String) throws -> [String: String] {
  var fields: [String: String] = [:]
  for line in try text(path).split(separator: "\n") {
    let parts = line.split(separator: ":", maxSplits: 1)
    if let name = parts.first {
      fields[String(name)] = parts.dropFirst().joined().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
  }
  return fields
}

func link(_ path: String) -> String {
  var bytes = [CChar](repeating: 0, count: 4096)
  let count = readlink(path, &bytes, bytes.count)
  return String(decoding: bytes.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
