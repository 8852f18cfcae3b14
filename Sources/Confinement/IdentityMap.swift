/// A map from a guest's users and groups to the host's. An id outside the ranges has no counterpart; a kind without ranges
/// is open: the default decides.
package struct IdentityMap: Equatable, Sendable {
  /// The kernel's limit of ranges of a kind, `user_namespaces(7)`.
  package static let maximumRanges = 340

  package var users: [IdentityRange]
  package var groups: [IdentityRange]

  package init(users: [IdentityRange] = [], groups: [IdentityRange] = []) {
    self.users = users
    self.groups = groups
  }

  /// Maps every id to the same number.
  package static var same: IdentityMap { IdentityMap(users: [.same], groups: [.same]) }

  /// The guest's first user and group in the map; root if the kind is open.
  package var first: (uid: UInt32, gid: UInt32) { (users.first?.guest ?? 0, groups.first?.guest ?? 0) }

  /// True if both kinds are open.
  package var isEmpty: Bool { users.isEmpty && groups.isEmpty }

  /// True if the guest's user and group are both in a range, or their kind is open.
  package func has(user: UInt32, group: UInt32) -> Bool {
    func has(_ ranges: [IdentityRange], _ id: UInt32) -> Bool {
      ranges.isEmpty || ranges.contains { $0.guest <= id && id - $0.guest < $0.count }
    }
    return has(users, user) && has(groups, group)
  }

  /// The map, with open kinds taken from another.
  package func filled(from other: IdentityMap) -> IdentityMap {
    IdentityMap(users: users.isEmpty ? other.users : users, groups: groups.isEmpty ? other.groups : groups)
  }

  /// The reverse map, from the host's ids to the guest's.
  package var reversed: IdentityMap { IdentityMap(users: users.map(\.reversed), groups: groups.map(\.reversed)) }

  /// Maps each of the guest's ids in the map to the same number.
  package var ofGuest: IdentityMap { IdentityMap(users: users.map(\.ofGuest), groups: groups.map(\.ofGuest)) }
}

extension [IdentityRange] {
  /// The lines of `/proc/PID/uid_map` or `gid_map` for these ranges.
  var kernelMap: String {
    var text = ""
    for range in self { text += "\(range.guest) \(range.host) \(range.count)\n" }
    return text
  }
}
