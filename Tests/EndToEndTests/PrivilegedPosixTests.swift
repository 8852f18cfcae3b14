import CLinux
import Foundation
import HelperHarness
import Testing

/// `Tests/posix-suite`: POSIX's promises of files, on a file system of this machine and in a guest on a share.
@Suite(
  "Privileged: what POSIX promises",
  .serialized, .enabled(if: isWanted, "needs root: half of the checks are about what other users may do"))
struct PrivilegedPosixTests {
  /// The suite itself is right: what no local file system does isn't asked of a share.
  @Test("every check passes on a local file system", .timeLimit(.minutes(1)), arguments: ["/dev/shm", "/var/tmp"])
  func local(directory: String) throws {
    var template = Array("\(directory)/postern-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { removeTree(path) }
    // Every user's processes go through it.
    try #require(chmod(path, 0o755) == 0)
    if setxattr(path, "user.any", "1", 1, 0) == -1 {
      try Test.cancel("\(directory) has no extended attributes: tmpfs before Linux 6.6")
    }
    let suite = try Logged(Rig.posixSuite, [path])
    let status = try suite.status(within: 50)
    #expect(status == 0, "\(suite.output.split(separator: "\n").filter { !$0.hasPrefix("ok ") })")
    #expect(GuestCheck.all(on: suite.output).checks.count > 300)
  }

  @Test(
    "what fails in a guest is known, with its reason", .timeLimit(.minutes(2)),
    arguments: PosixServer.allCases)
  func guest(server: PosixServer) throws {
    if server == .original, access(Programs.stockHelper, X_OK) != 0 { try Test.cancel("QEMU's own helper is missing") }
    if PosixServer.devices.contains(server), !isNextQEMUWanted { try Test.cancel(noNextQEMU) }
    try withRig(.posixSuite, checks: []) { rig in
      let checks = try server.seeGuest(rig)
      #expect(checks.count > 300)
      let known = Set(KnownFailure.all(of: server).flatMap(\.checks))
      for check in checks {
        guard let failure = check.failure else { continue }
        #expect(known.contains(check.name), "\(check.name): \(failure)")
      }
      let passed = Set(checks.lazy.filter { $0.failure == nil }.map(\.name))
      #expect(known.intersection(passed).isEmpty, "known to fail, but they pass")
      #expect(known.subtracting(checks.map(\.name)).isEmpty, "known to fail, but there is no such check")
      print("POSIX: \(passed.count) of \(checks.count) checks pass: \(server.rawValue)")
    }
  }
}
