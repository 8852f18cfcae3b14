import Foundation
import HelperHarness
import Testing

/// A guest serves a directory to itself over vsock, which the host's own tests leave alone. The host does nothing but run it.
@Suite("A guest over vsock", .serialized)
struct VsockGuestTests {
  /// What doesn't take attributes that a tmpfs hasn't.
  private static let checks = [
    "contents", "opening", "unlinked", "directories", "renaming", "links", "names", "attributes", "times", "nodes",
    "users", "writers",
  ]

  @Test("every check that a tmpfs can pass", .timeLimit(.minutes(5)), arguments: ["--split", "--in-process"])
  func loopback(way: String) throws {
    try withRig(.vsock, checks: [way] + Self.checks) { rig in
      let console = try guestConsole(rig, "none")
      let (checks, sum) = GuestCheck.all(on: console)
      for check in checks {
        #expect(check.failure == nil, "in the guest: \(check.name): \(check.failure ?? "")")
      }
      #expect(sum == "\(checks.count) passed, 0 failed", "the end of its console:\n\(console.suffix(2000))")
      #expect(checks.count > 60)
      #expect(console.contains("sandbox=namespace seccomp=kill" + (way == "--split" ? " split" : "")))
      #expect(console.contains("server: status 0"), "\(console.suffix(2000))")
    }
  }
}
