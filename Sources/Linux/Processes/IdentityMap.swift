/// Consecutive users or groups of a guest, and which of the host's they are.
package struct IdentityRange: Equatable, Sendable {
  /// The guest's first id.
  package let guest: UInt32
  /// The host's id that this is.
  package let host: UInt32
  /// How many ids, at least one.
  package let count: UInt32

  /// - Returns: nil for no id at all, or where it would hold -1 on either side, which is nobody's id.
  package init?(guest: UInt32, host: UInt32, count: UInt32) {
    let isWithin = count <= UInt32.max - max(guest, host)
    guard count > 0, isWithin else { return nil }
    self.guest = guest
    self.host = host
    self.count = count
  }

  /// The range that `GUEST:HOST:COUNT` says, in decimal digits.
  ///
  /// - Returns: nil where it says none.
  package init?(_ text: Span<UInt8>) {
    var numbers: InlineArray<3, UInt32?> = .init(repeating: nil)
    var rest = text
    for index in numbers.indices {
      let end = rest.indices.first { rest[$0] == UInt8(ascii: ":") } ?? rest.count
      // The last one ends the text, and no other does.
      guard (end == rest.count) == (index == numbers.count - 1) else { return nil }
      numbers[index] = UInt32(digits: rest.extracting(first: end))
      rest = rest.extracting(droppingFirst: min(end + 1, rest.count))
    }
    guard let guest = numbers[0], let host = numbers[1], let count = numbers[2] else { return nil }
    self.init(guest: guest, host: host, count: count)
  }

  private init(_ guest: UInt32, _ host: UInt32, _ count: UInt32) {
    self.guest = guest
    self.host = host
    self.count = count
  }

  /// Every id there is, as the same number.
  fileprivate static var same: IdentityRange { IdentityRange(0, 0, .max) }

  /// The same ids, seen from the other side.
  fileprivate var reversed: IdentityRange { IdentityRange(host, guest, count) }

  /// The guest's ids, as themselves.
  fileprivate var ofGuest: IdentityRange { IdentityRange(guest, guest, count) }

  /// Whether some id is in both, on either side.
  package func overlaps(_ other: IdentityRange) -> Bool {
    func meets(_ one: UInt32, _ two: UInt32) -> Bool { one < two ? two - one < count : one - two < other.count }
    return meets(guest, other.guest) || meets(host, other.host)
  }
}

/// Which users and groups of the host a guest's are. What isn't in it is nobody there; a kind without ranges is left open.
package struct IdentityMap: Equatable, Sendable {
  /// The most ranges of either kind that the kernel takes, `user_namespaces(7)`.
  package static let maximumRanges = 340

  package var users: [IdentityRange]
  package var groups: [IdentityRange]

  package init(users: [IdentityRange] = [], groups: [IdentityRange] = []) {
    self.users = users
    self.groups = groups
  }

  /// All ids as the same numbers.
  package static var same: IdentityMap { IdentityMap(users: [.same], groups: [.same]) }

  /// The guest's user and group that the map begins with, or root where it is open.
  package var first: (uid: UInt32, gid: UInt32) { (users.first?.guest ?? 0, groups.first?.guest ?? 0) }

  /// Whether it is open altogether.
  package var isEmpty: Bool { users.isEmpty && groups.isEmpty }

  /// Whether it has a guest's user and group, by a range or by being open.
  package func has(user: UInt32, group: UInt32) -> Bool {
    func has(_ ranges: [IdentityRange], _ id: UInt32) -> Bool {
      ranges.isEmpty || ranges.contains { $0.guest <= id && id - $0.guest < $0.count }
    }
    return has(users, user) && has(groups, group)
  }

  /// The map with what it leaves open taken from another.
  package func filled(from other: IdentityMap) -> IdentityMap {
    IdentityMap(users: users.isEmpty ? other.users : users, groups: groups.isEmpty ? other.groups : groups)
  }

  /// The same map, from the host's ids to the guest's.
  package var reversed: IdentityMap { IdentityMap(users: users.map(\.reversed), groups: groups.map(\.reversed)) }

  /// The guest's ids in the map, each as itself.
  package var ofGuest: IdentityMap { IdentityMap(users: users.map(\.ofGuest), groups: groups.map(\.ofGuest)) }
}

/// Users or groups: the kernel maps each by a file of its own.
package enum IdentityKind: Sendable {
  case user, group
}

extension UInt32 {
  /// The number that decimal digits say, and nothing but digits.
  package init?(digits: Span<UInt8>) {
    guard !digits.isEmpty else { return nil }
    var value: UInt64 = 0
    for index in digits.indices {
      let digit = digits[index] &- UInt8(ascii: "0")
      value = value * 10 + UInt64(digit)
      guard digit <= 9, value <= UInt32.max else { return nil }
    }
    self = UInt32(value)
  }
}
