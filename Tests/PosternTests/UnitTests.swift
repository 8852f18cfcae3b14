import Glibc
import HelperHarness
import NinePHarness
import Testing

@Suite("The units for systemd")
struct UnitTests {
  private static let units =
    String(#filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()) + "/contrib/systemd"

  @Test("systemd takes them", .enabled(if: access("/usr/bin/systemd-analyze", X_OK) == 0, "needs systemd's tools"))
  func verify() throws {
    let directory = try TemporaryDirectory()
    for kind in ["socket", "service"] {
      // The program needn't be installed.
      let script =
        "sed \"s#/usr/local/bin/postern#$0#\" '\(Self.units)/postern-9p@.\(kind)' > '\(directory.path)/postern-9p@srv-share.\(kind)'"
      #expect(try HelperHarness.run("/bin/sh", ["-c", script, Programs.postern]) == 0)
    }
    let output = try Output()
    let units = ["socket", "service"].map { "\(directory.path)/postern-9p@srv-share.\($0)" }
    let process = try spawn("/usr/bin/systemd-analyze", ["verify", "--man=no"] + units, output: output)
    #expect(process.wait(seconds: 60) == 0)
    #expect(output.text.isEmpty, "\(output.text)")
  }

  @Test(
    "the capabilities that they leave are those that it takes", .enabled(if: hasRoot(), "needs root"),
    arguments: [[], ["--readonly"], ["--squash", "1:1"]])
  func capabilities(options: [String]) throws {
    let unit = try text(Self.units + "/postern-9p@.service")
    let names = unit.split(separator: "\n").filter { $0.hasPrefix("CapabilityBoundingSet=") }
      .flatMap { $0.dropFirst("CapabilityBoundingSet=".count).split(separator: " ") }
    let bounding = (["-all"] + names.map { "+" + $0.dropFirst("CAP_".count).lowercased() }).joined(separator: ",")
    let directory = try TemporaryDirectory()
    let output = try Output()
    let process = try spawn(
      "/usr/bin/setpriv",
      ["--no-new-privs", "--bounding-set=\(bounding)", "--inh-caps=-all", Programs.postern, "9p"]
        + ["--export", directory.path, "--listen", "unix:\(directory.path)/s"] + options, output: output)
    #expect(eventually { output.text.contains("sandbox=namespace seccomp=kill split") }, "\(output.text)")
    try Client(try connected(directory.path + "/s")).start()
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 10) == 0, "\(output.text)")
  }
}
