package import Linux
internal import SystemPackage

/// User and group ids of a server's own. No account has them, and no two servers have the same.
///
/// Who may signal a process, change its limits or trace it is decided by its real, effective and saved ids. Users of the
/// host must not have these, be they clients or not.
package struct ServerIdentities: Sendable {
  /// The worker's.
  package let worker: Identity
  /// The real, effective and saved ids of threads that act as users, and of processes in a user namespace. nil where there
  /// is no such id: they keep root's.
  package let holder: Identity?

  /// Chooses them, which takes root.
  ///
  /// - Throws: never, but for ids that aren't valid.
  package init() throws(StageError) {
    var chosen = ArraySlice(Self.choose())
    if chosen.isEmpty {
      Log.write(
        .warning,
        "this user namespace has no unused id: the worker is user \(Self.overflow), whose other "
          + "processes can signal it")
    }
    let worker = chosen.popFirst() ?? Self.overflow
    let holder = chosen.popFirst()
    (self.worker, self.holder) = try stage("choose user ids") { () throws(Errno) in
      var identity: Identity? = nil
      if let holder { identity = try Identity(uid: holder, gid: holder) }
      return (try Identity(uid: worker, gid: worker), identity)
    }
  }

  /// Two ids, or fewer where there aren't as many.
  private static func choose() -> [UInt32] {
    let maps = (mapped(.user), mapped(.group))
    var used: Set<UInt32> = []
    AccountNames.addIds(.user, to: &used)
    AccountNames.addIds(.group, to: &used)
    func isFree(_ id: UInt32) -> Bool {
      maps.0.contains { $0.contains(id) } && maps.1.contains { $0.contains(id) } && !used.contains(id)
        && !Process.isUser(id)
    }
    for range in [unassigned, dynamic] {
      var chosen: [UInt32] = []
      for _ in 0..<64 where chosen.count < 2 {
        let id = UInt32.random(in: range)
        if isFree(id), !chosen.contains(id) { chosen.append(id) }
      }
      if chosen.count == 2 { return chosen }
    }
    // The highest ids of a small namespace are the least likely to be somebody's.
    var chosen: [UInt32] = []
    for range in maps.0.sorted(by: { $0.upperBound > $1.upperBound }) {
      for id in range.reversed().prefix(mostTried) where id != 0 && id != overflow && isFree(id) {
        chosen.append(id)
        if chosen.count == 2 { return chosen }
      }
    }
    return chosen
  }

  /// The ids that this process's user namespace has.
  private static func mapped(_ kind: IdentityKind) -> [ClosedRange<UInt32>] {
    var text: [UInt8] = []
    do throws(Errno) {
      try HostFile.read(kind == .user ? "/proc/self/uid_map" : "/proc/self/gid_map", into: &text)
    } catch {
      // Without /proc nothing tells of a user namespace.
      return [0...UInt32.max - 1]
    }
    return text.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let numbers = line.split(separator: UInt8(ascii: " ")).compactMap { UInt32(digits: $0.span) }
      guard numbers.count == 3, numbers[2] > 0, numbers[2] <= UInt32.max - numbers[0] else { return nil }
      return numbers[0]...numbers[0] + (numbers[2] - 1)
    }
  }

  /// Nobody's, as systemd's table of user ids has it (UIDS-GIDS), and above what directory services such as SSSD and FreeIPA
  /// hand out.
  private static let unassigned: ClosedRange<UInt32> = 2_000_400_000...2_147_483_646
  /// Those that systemd gives to services for as long as they run, of which a container has some as well.
  private static let dynamic: ClosedRange<UInt32> = 61_184...65_519
  /// What the kernel reports for a user that has no number here.
  private static let overflow: UInt32 = 65_534
  /// Ids of a range that are tried.
  private static let mostTried = 10_000
}
