import Glibc
import HelperHarness
import Linux
import ProxyDriver
import ProxyProtocol
import Testing

// The example of ``ProxyClient``'s documentation.
func writeNote(in directory: String, helper: String) throws -> UInt64 {
  let program = try HelperProgram(helper.utf8.span, exporting: directory.utf8.span)
  var client = try ProxyClient(starting: program)
  try client.makeDirectory("/notes".utf8.span, mode: 0o755, uid: 1000, gid: 1000)
  let note = try client.create("/notes/today".utf8.span, flags: O_WRONLY, mode: 0o644, uid: 1000, gid: 1000)
  guard pwrite(note.rawValue, "hello", 5, 0) == 5 else { return 0 }
  return try client.status("/notes/today".utf8.span).size
}

/// The example in the documentation of ``ProxyClient`` works, and is the one above.
@Suite struct ExampleTests {
  @Test(.enabled(if: hasRoot(), "needs root: makes another user's file"), arguments: HelperKind.privileged)
  func theExampleWorks(kind: HelperKind) throws {
    let directory = try TemporaryDirectory()
    #expect(try writeNote(in: directory.path, helper: kind.program) == 5)
    var status = stat()
    #expect(stat(directory.path + "/notes/today", &status) == 0)
    #expect(status.st_size == 5 && status.st_uid == 1000 && status.st_gid == 1000)
  }

  @Test func theDocumentedExampleIsTheTestedOne() throws {
    let documented = try lines(of: "../../Sources/ProxyDriver/ProxyClient.swift")
      .drop { $0 != "/// ```swift" }.dropFirst().prefix { $0 != "/// ```" }
      .map { String($0.dropFirst("/// ".count)) }
    let tested = try lines(of: "ExampleTests.swift").drop { !$0.hasPrefix("func writeNote") }
      .prefix(documented.count)
    #expect(documented.count > 5)
    #expect(documented == Array(tested))
  }

  /// A source file's lines, by its path from here.
  private func lines(of path: String) throws -> [String] {
    let here = #filePath.prefix(through: #filePath.lastIndex(of: "/") ?? #filePath.startIndex)
    let file = open(here + path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw HarnessError("\(path): errno \(errno)") }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }
}
