import Confinement
import Glibc
import HelperHarness
import Linux
import ProxyServer
import Serving
import Testing

@testable import ProxyCommand

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
    ["--gi", "2", "--ui", "1", "--so", "/s", "--pa", "/x"],
    ["--gi", "2", "--ui", "1", "--so", "/s", "--p", "/x"],
    ["-p", "/y", "-s", "/s", "-u", "1", "-g", "2", "-p", "/x"],
    ["--sandbox", "auto", "-p", "/x", "-s", "/s", "-u", "1", "-g", "2", "--"],
  ])
  func everySpellingMeansTheSame(arguments: [String]) throws {
    #expect(try parse(arguments) == Self.named)
  }

  @Test func usersAndGroupsHaveNames() throws {
    let expected = Options(
      path: hostPath("/x"), connection: .socket(hostPath("/s"), uid: 0, gid: 0), isDaemon: true, sandbox: nil)
    #expect(try parse(["-p", "/x", "-s", "/s", "-u", "root", "-g", "root"]) == .serve(expected))
  }

  @Test func inheritedSocketsInTheForeground() throws {
    let expected = Options(path: hostPath("/x"), connection: .descriptor(7), isDaemon: false, sandbox: .chroot)
    #expect(try parse(["-n", "-f", "7", "-p", "/x", "--sandbox=chroot"]) == .serve(expected))
    #expect(try parse(["--fd=7", "--path=/x", "--nodaemon", "--sandbox", "chroot"]) == .serve(expected))
  }

  @Test func whatTheOriginalHasNot() throws {
    let expected = Options(
      path: hostPath("/x"), connection: .descriptor(7), isDaemon: true, sandbox: .absent, filter: .log, isReadOnly: true
    )
    #expect(
      try parse(["-f7", "-p/x", "--readonly", "--seccomp=log", "--sandbox", "none"]) == .serve(expected))
  }

  @Test(arguments: [
    ("auto", RequestWait.Polling.automatic), ("never", .never), ("1", .always(microseconds: 1)),
    ("1000000", .always(microseconds: 1_000_000)),
  ])
  func waysToWait(text: String, polling: RequestWait.Polling) throws {
    let expected = Options(
      path: hostPath("/x"), connection: .descriptor(7), isDaemon: true, sandbox: nil, polling: polling)
    #expect(try parse(["-f7", "-p/x", "--poll", text]) == .serve(expected))
  }

  @Test func mapsOfUsersAndGroups() throws {
    let first = try #require(IdentityRange(guest: 0, host: 100_000, count: 1000))
    let second = try #require(IdentityRange(guest: 1000, host: 1000, count: 1))
    let all = try #require(IdentityRange(guest: 0, host: 0, count: .max))
    let expected = Options(
      path: hostPath("/x"), connection: .descriptor(7), isDaemon: true, sandbox: nil,
      map: IdentityMap(users: [first, second], groups: [all]))
    let maps = ["--uid-map", "0:100000:1000", "--uid-map=1000:1000:1", "--gid-map", "0:0:4294967295"]
    #expect(try parse(["-f7", "-p/x"] + maps) == .serve(expected))
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
    (["-p", "/x", "-s", "", "-u", "1", "-g", "1"], "-s takes the name"),
    (["-p", "/x", "-s", "/s", "-u", "1"], "owner uid:gid not specified"),
    (["-p", "/x", "-s", "/s", "-g", "1"], "owner uid:gid not specified"),
    (["-p", "/x", "-f", "three"], "-f takes a number"),
    (["-p", "/x", "-f", "-1"], "-f takes a number"),
    (["-p", "/x", "-f", "2147483648"], "-f takes a number"),
    (["-p", "/x", "-f", ""], "-f takes a number"),
    (["-p", "/x", "-s", "/s", "-u", "no-such-user", "-g", "1"], "-u: there is no user \"no-such-user\""),
    (["-p", "/x", "-s", "/s", "-u", "1", "-g", "no-such-group"], "-g: there is no group"),
    (["-p", "/x", "-f", "3", "--readonly=1"], "--readonly=1: this option takes no value"),
    (["-p", "/x", "-f", "3", "--help=1"], "--help=1: this option takes no value"),
    (["-p", "/x", "-s", "/s", "-u", "4294967295", "-g", "1"], "-u takes a number"),
    (["-p", "/x", "-s", "/s", "-u", "1", "-g", "1x"], "-g takes a number"),
    (["-p", "/x", "-s", "/s", "-u", "1", "-g", "0x1"], "-g takes a number"),
    (["-p", "/x", "-f", "3", "--sandbox", "non"], "--sandbox takes"),
    (["-p", "/x", "-f", "3", "--poll", "0"], "--poll takes"),
    (["-p", "/x", "-f", "3", "--poll", "1000001"], "--poll takes"),
    (["-p", "/x", "-f", "3", "--poll", "always"], "--poll takes"),
    (["-p", "/x", "-f", "3", "--uid-map", ""], "--uid-map takes"),
    (["-p", "/x", "-f", "3", "--uid-map", "0:0"], "--uid-map takes"),
    (["-p", "/x", "-f", "3", "--uid-map", "0:0:1:"], "--uid-map takes"),
    (["-p", "/x", "-f", "3", "--uid-map", "0:0:1:1"], "--uid-map takes"),
    (["-p", "/x", "-f", "3", "--uid-map", "0::1"], "--uid-map takes"),
    (["-p", "/x", "-f", "3", "--uid-map", "0:0:0"], "--uid-map takes"),
    (["-p", "/x", "-f", "3", "--uid-map", "1:0:4294967295"], "--uid-map takes"),
    (["-p", "/x", "-f", "3", "--gid-map", "0:4294967295:1"], "--gid-map takes"),
    (["-p", "/x", "-f", "3", "--gid-map", "0:4294967296:1"], "--gid-map takes"),
    (["-p", "/x", "-f", "3", "--gid-map", "0:5:10", "--gid-map", "9:100:1"], "an earlier one has"),
    (["-p", "/x", "-f", "3", "--gid-map", "0:5:10", "--gid-map", "20:14:1"], "an earlier one has"),
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
    let help = help(of: "virtfs-proxy-helper")
    let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count <= 36)
    #expect(lines.allSatisfy { $0.count <= 80 })
    for option in [
      "-p, --path", "-s, --socket", "-u, --uid", "-g, --gid", "-f, --fd", "-n, --nodaemon", "--sandbox",
      "--seccomp", "--readonly", "--uid-map", "--gid-map",
      "-h, --help", "--version", "Examples:",
    ] {
      #expect(help.contains(option))
    }
  }
}
