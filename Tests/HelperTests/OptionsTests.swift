import Confinement
import Glibc
import HelperHarness
import Linux
import Testing

@testable import virtfs_proxy_helper

/// getopt keeps its state in globals, so one at a time.
@Suite(.serialized) struct OptionsTests {
  private func parse(_ arguments: [String]) throws(UsageError) -> Command {
    var vector: [UnsafeMutablePointer<CChar>?] = (["virtfs-proxy-helper"] + arguments).map { strdup($0) }
    vector.append(nil)
    return try Command(count: CInt(vector.count - 1), arguments: &vector)
  }

  private static let named = Command.serve(
    Options(path: hostPath("/x"), connection: .socket(hostPath("/s"), uid: 1, gid: 2), isDaemon: true, sandbox: nil))

  @Test(arguments: [
    ["-p", "/x", "-s", "/s", "-u", "1", "-g", "2"],
    ["-p/x", "-s/s", "-u1", "-g2"],
    ["--path", "/x", "--socket", "/s", "--uid", "1", "--gid", "2"],
    ["--gid=2", "--uid=1", "--socket=/s", "--path=/x"],
    ["--g", "2", "--u", "1", "--s", "/s", "--p", "/x"],
    ["-p", "/y", "-s", "/s", "-u", "1", "-g", "2", "-p", "/x"],
    ["--sandbox", "auto", "-p", "/x", "-s", "/s", "-u", "1", "-g", "2", "--"],
  ])
  func everySpellingMeansTheSame(arguments: [String]) throws {
    #expect(try parse(arguments) == Self.named)
  }

  @Test func inheritedSocketsInTheForeground() throws {
    let expected = Options(path: hostPath("/x"), connection: .descriptor(7), isDaemon: false, sandbox: .chroot)
    #expect(try parse(["-n", "-f", "7", "-p", "/x", "--sandbox=chroot"]) == .serve(expected))
    #expect(try parse(["--fd=7", "--path=/x", "--nodaemon", "--sandbox", "chroot"]) == .serve(expected))
  }

  @Test func whatTheOriginalHasNot() throws {
    let expected = Options(
      path: hostPath("/x"), connection: .descriptor(7), isDaemon: true, sandbox: nil, filter: .log, isReadOnly: true)
    #expect(try parse(["-f7", "-p/x", "--readonly", "--seccomp=log"]) == .serve(expected))
  }

  @Test func helpAndVersionComeFirst() throws {
    #expect(try parse(["-h"]) == .help)
    #expect(try parse(["-p", "/x", "--help", "--nonsense"]) == .help)
    #expect(try parse(["-?"]) == .help)
    #expect(try parse(["--version"]) == .version)
  }

  static let wrong: [(arguments: [String], says: String)] = [
    ([], "path not specified"),
    (["-f", "3"], "path not specified"),
    (["-p", "", "-f", "3"], "path not specified"),
    (["-p", "/x"], "socket or socket descriptor not specified"),
    (["-p", "/x", "-s", "/s", "-f", "3", "-u", "1", "-g", "1"], "both named socket and socket descriptor"),
    (["-p", "/x", "-s", "/s"], "owner uid:gid not specified"),
    (["-p", "/x", "-s", "/s", "-u", "1"], "owner uid:gid not specified"),
    (["-p", "/x", "-s", "/s", "-g", "1"], "owner uid:gid not specified"),
    (["-p", "/x", "-f", "three"], "-f takes a number"),
    (["-p", "/x", "-f", "-1"], "-f takes a number"),
    (["-p", "/x", "-f", "2147483648"], "-f takes a number"),
    (["-p", "/x", "-f", ""], "-f takes a number"),
    (["-p", "/x", "-s", "/s", "-u", "root", "-g", "1"], "-u takes a number"),
    (["-p", "/x", "-s", "/s", "-u", "4294967295", "-g", "1"], "-u takes a number"),
    (["-p", "/x", "-s", "/s", "-u", "1", "-g", "1x"], "-g takes a number"),
    (["-p", "/x", "-s", "/s", "-u", "1", "-g", "0x1"], "-g takes a number"),
    (["-p", "/x", "-f", "3", "--sandbox", "none"], "--sandbox takes"),
    (["-p", "/x", "-f", "3", "--seccomp", "kil"], "--seccomp takes"),
    (["-p", "/x", "-f", "3", "word"], "surplus word \"word\""),
    (["word", "-p", "/x", "-f", "3"], "surplus word \"word\""),
    (["-p"], "-p needs a value"),
    (["--path"], "--path needs a value"),
    (["-x"], "unknown option -x"),
    (["--nonsense"], "--nonsense"),
    (["--sa"], "--sa"),
    (["--sandbox"], "--sandbox"),
  ]

  @Test(arguments: wrong)
  func wrongUseIsOneClearLine(arguments: [String], says: String) throws {
    let error = #expect(throws: UsageError.self) { try parse(arguments) }
    #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
    #expect(error?.message.contains("\n") == false)
  }

  @Test func helpFitsAScreenAndNamesEveryOption() {
    let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count <= 36)
    #expect(lines.allSatisfy { $0.count <= 80 })
    for option in [
      "-p, --path", "-s, --socket", "-u, --uid", "-g, --gid", "-f, --fd", "-n, --nodaemon", "--sandbox",
      "-h, --help", "--version", "Examples:",
    ] {
      #expect(help.contains(option))
    }
  }
}
