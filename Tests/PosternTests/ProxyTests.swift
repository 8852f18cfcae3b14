import Glibc
import HelperHarness
import Linux
import ProxyDriver
import Testing

/// `postern proxy`, which is `virtfs-proxy-helper`.
@Suite("postern proxy", .serialized)
struct ProxyTests {
  private func run(_ program: String, _ arguments: [String]) throws -> (status: CInt?, text: String) {
    let output = try Output()
    let process = try spawn(program, arguments, output: output)
    return (process.wait(seconds: 20), output.text)
  }

  @Test(
    "it says what the helper says, and ends as it does",
    arguments: [
      [], ["--help"], ["-h"], ["-?"], ["--version"], ["--generate-completion-script"], ["help"], ["proxy"],
      ["--", "x"],
      ["-p", "/nowhere", "-f", "3"], ["-p", "/tmp", "-f", "77"], ["-p", "/tmp", "-s", "/x"],
      ["--sand", "none", "--nonsense"],
      ["-p", "/tmp", "-s", "/x", "-u", "1", "-g", "-1"], ["-z"], ["-p"],
    ])
  func words(arguments: [String]) throws {
    let (status, text) = try run(Programs.helper, arguments)
    let ours = try run(Programs.postern, ["proxy"] + arguments)
    // Misuse is 64, as it is of the other commands.
    #expect(ours.status == (text.contains("see --help") || ours.status == 64 ? 64 : status))
    #expect(text.replacing("virtfs-proxy-helper", with: "postern proxy") == ours.text)
    #expect(status == (ours.status == 0 ? 0 : 1))
    #expect(!text.isEmpty)
  }

  @Test("it serves, also what isn't text")
  func serves() throws {
    let directory = try TemporaryDirectory()
    #expect(try HelperHarness.run("/bin/sh", ["-c", "mkdir \"$0/$(printf '\\376')\"", directory.path]) == 0)
    let pair = try socketPair()
    let output = try Output()
    // The shell has bytes that a String hasn't.
    let process = try spawn(
      "/bin/sh",
      ["-c", "exec \"$0\" proxy -n -f 3 -p \"$1/$(printf '\\376')\"", Programs.postern, directory.path],
      inheriting: [(pair.theirs, 3)], output: output)
    close(pair.theirs)
    var connection: ProxyConnection? = ProxyConnection(adopting: Descriptor(adopting: pair.ours))
    let root = Array("/".utf8)
    let isServed =
      switch try connection?.exchange(.status(path: root.span)) {
      case .payload?: true
      default: false
      }
    #expect(isServed, "\(output.text)")
    connection = nil
    #expect(process.wait(seconds: 10) == 0, "\(output.text)")
    #expect(output.text.contains("postern proxy: client closed, done"), "\(output.text)")
  }

  @Test("the help lists it")
  func help() throws {
    let (status, text) = try run(Programs.postern, ["--help"])
    #expect(status == 0)
    #expect(text.contains("  proxy  "), "\(text)")
    #expect(try run(Programs.postern, ["help", "proxy"]).text.contains("postern proxy --help"))
  }
}
