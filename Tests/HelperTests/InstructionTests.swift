import Glibc
import HelperHarness
import Testing

/// No request costs more than was accepted: `instruction-count`, a release build, serves itself under valgrind.
///
/// Instructions can be told apart where times can't: the numbers are the same on a busy machine. They are a compiler's, so
/// each version of Swift has a file of its own in `Tests/instruction-count/accepted`. Fewer of them have to be accepted as
/// well, or what was won could be lost again unseen.
@Suite struct InstructionTests {
  /// How much of the accepted instructions a change may add or take, in percent. Of system calls none.
  private static let allowed = 3.0

  @Test func noRequestCostsMore() throws {
    let compiler = try #require(readFile(Programs.instructionCompiler)).split(separator: "\n").joined()
    guard let text = readFile("\(Programs.acceptedInstructions)/\(compiler)") else {
      // A machine that runs the tests for everybody must not go on without the numbers.
      try #require(getenv("CI") == nil, "no numbers were accepted for \(compiler): script/bench --accept")
      try Test.cancel("no numbers were accepted for \(compiler): script/bench --accept")
    }
    let accepted = Self.costs(text)
    let counted = Self.costs(try count())
    for (name, now) in counted.sorted(by: { $0.key < $1.key }) {
      guard let before = accepted[name] else {
        Issue.record("\(name) isn't among the accepted numbers: \(Self.howToAccept(compiler))")
        continue
      }
      let change = 100 * Double(now.instructions - before.instructions) / Double(before.instructions)
      #expect(
        abs(change) <= Self.allowed,
        """
        \(name): from \(before.instructions) to \(now.instructions) instructions a request, \
        \(change > 0 ? "+" : "")\((10 * change).rounded() / 10) %. \(Self.howToAccept(compiler))
        """)
      #expect(
        now.calls == before.calls,
        "\(name): from \(before.calls) to \(now.calls) system calls a request. \(Self.howToAccept(compiler))")
    }
    // As an ordinary user there is nobody else to be, and not every file system keeps generations.
    let missing = accepted.keys.filter { counted[$0] == nil }.sorted().joined(separator: ", ")
    if getenv("CI") != nil {
      #expect(missing == "", "not counted here")
    } else if missing != "" {
      Issue.record("not counted here: \(missing)", severity: .warning)
    }
  }

  private static func howToAccept(_ compiler: String) -> String {
    "If that is as it should be: script/bench --accept, and commit Tests/instruction-count/accepted/\(compiler)"
  }

  /// Nothing is retained, released or allocated, which would be instructions that come back unseen, one by one.
  @Test func noRequestCountsReferences() throws {
    #expect(try count(["--references"]) == "")
  }

  private func count(_ options: [String] = []) throws -> String {
    // Where extended attributes and generations are most likely.
    let directory = try TemporaryDirectory(in: getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp")
    let output = try Output()
    let process = try spawn(Programs.instructionCount, [directory.path] + options, output: output)
    try #require(process.wait(seconds: 60) == 0, "\(output.text)")
    return output.text
  }

  private static func costs(_ text: String) -> [String: (instructions: Int, calls: Int)] {
    let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
    return Dictionary(
      uniqueKeysWithValues: lines.compactMap { words in
        guard words.count == 3, let instructions = Int(words[1]), let calls = Int(words[2]) else { return nil }
        return (String(words[0]), (instructions, calls))
      })
  }
}
