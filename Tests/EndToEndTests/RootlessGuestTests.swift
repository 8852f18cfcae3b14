import CLinux
import Foundation
import HelperHarness
import Testing

/// A guest of stock QEMU uses an ordinary user's directory through a helper that this user started, as QEMU is.
@Suite("Rootless: a guest of stock QEMU", .serialized)
struct RootlessGuestTests {
  /// What a guest does that has no other users than its root.
  static let ownChecks = [
    "contents", "opening", "unlinked", "directories", "renaming", "links", "names", "times", "paths", "depths",
    "writers",
  ]
  /// What takes subordinate ids.
  static let usersChecks = ["attributes", "xattrs", "users", "setgid"]

  @Test("every check but those of device files", .timeLimit(.minutes(5)), arguments: Start.rootless)
  func namedSocket(start: Start) throws {
    // Root's tests grant nobody subordinate ids; an ordinary user's may have none.
    let subordinates = getuid() == 0 ? try Subordinates() : nil
    let checks = Self.ownChecks + (subordinates == nil ? [] : Self.usersChecks)
    try withRig(checks: checks, rootless: start) { rig in
      let helper = try rig.startHelper(
        start, subordinates,
        ["-n", "--sandbox", start.sandbox, "-s", rig.socket, "-u", "\(start.user)", "-g", "\(start.group)"])
      let isReady = eventually { access(rig.socket, F_OK) == 0 }
      try #require(isReady, "no socket; the helper says: \(helper.tail)")
      let seen = try runGuest(rig, "socket=\(rig.socket)")
      #expect(seen.count > 60)
      try expectEnd(of: helper)
      #expect(helper.output.contains("sandbox=\(start.sandbox)"), "\(helper.output)")
      #expect(helper.output.contains("rootless=yes"), "\(helper.output)")
    }
  }
}
