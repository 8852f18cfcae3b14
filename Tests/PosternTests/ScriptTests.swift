import HelperHarness
import Testing

/// How the scripts answer before they do anything.
@Suite("Scripts")
struct ScriptTests {
  static let all = [
    "bench", "build", "demo", "format", "fuzz", "guest-image", "guest-run", "install", "prerequisites", "test",
  ]

  private func answer(_ script: String, _ arguments: [String]) throws -> (status: CInt?, lines: [Substring]) {
    let output = try Output()
    let process = try spawn(Programs.script(script), arguments, output: output)
    return (process.wait(seconds: 20), output.lines)
  }

  @Test("each prints its usage", arguments: all)
  func help(script: String) throws {
    for option in ["-h", "--help"] {
      let (status, lines) = try answer(script, [option])
      #expect(status == 0)
      #expect(lines.first?.hasPrefix("Usage: script/\(script)") == true, "\(lines)")
    }
  }

  @Test("each refuses a word that it doesn't know, names it, and prints its usage", arguments: all)
  func unknown(script: String) throws {
    for word in ["nonsense", "--nonsense"] {
      let (status, lines) = try answer(script, [word])
      #expect(status == 64)
      // A single word is too few for guest-run, whatever it is.
      #expect(lines.first?.contains(script == "guest-run" ? "words" : "'\(word)'") == true, "\(lines)")
      #expect(lines.dropFirst().first?.hasPrefix("Usage: script/\(script)") == true, "\(lines)")
    }
  }

  @Test(
    "words too many or too few are refused",
    arguments: [
      ("build", ["--tests", "--bench"]), ("format", ["--check", "--check"]), ("fuzz", ["1", "fuzz-request", "more"]),
      ("guest-image", ["--workloads", "more"]), ("guest-run", []), ("guest-run", ["/nowhere", "none"]),
      ("bench", ["--rounds"]), ("demo", ["--share"]), ("install", ["--prefix"]), ("test", ["--filter"]),
    ] as [(String, [String])])
  func count(script: String, words: [String]) throws {
    #expect(try answer(script, words).status == 64)
  }
}
