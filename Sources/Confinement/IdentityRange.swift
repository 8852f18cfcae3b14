internal import Linux

/// Consecutive user or group ids of a guest and the ids of the host that they map to.
package struct IdentityRange: Equatable, Sendable {
  /// The guest's first id.
  package let guest: UInt32
  /// The host's id that ``guest`` maps to.
  package let host: UInt32
  /// The number of ids, at least one.
  package let count: UInt32

  /// - Returns: nil if `count` is 0, or if the range holds -1 on either side, which isn't a valid id.
  package init?(guest: UInt32, host: UInt32, count: UInt32) {
    let isWithin = count <= UInt32.max - max(guest, host)
    guard count > 0, isWithin else { return nil }
    self.guest = guest
    self.host = host
    self.count = count
  }

  /// Parses `GUEST:HOST:COUNT`, in decimal digits.
  ///
  /// - Returns: nil if the text has another form.
  package init?(_ text: Span<UInt8>) {
    var numbers: InlineArray<3, UInt32?> = .init(repeating: nil)
    var rest = text
    for index in numbers.indices {
      let end = rest.indices.first { rest[$0] == UInt8(ascii: ":") } ?? rest.count
      // The last number ends the text; the others end at a colon.
      guard (end == rest.count) == (index == numbers.count - 1) else { return nil }
      numbers[index] = UInt32(digits: rest.extracting(first: end))
      rest = rest.extracting(droppingFirst: min(end + 1, rest.count))
    }
    guard let guest = numbers[0], let host = numbers[1], let count = numbers[2] else { return nil }
    self.init(guest: guest, host: host, count: count)
  }

  private init(valid guest: UInt32, host: UInt32, count: UInt32) {
    self.guest = guest
    self.host = host
    self.count = count
  }

  /// Every valid id, mapped to the same number.
  static var same: IdentityRange { IdentityRange(valid: 0, host: 0, count: .max) }

  /// The range with guest and host exchanged.
  var reversed: IdentityRange { IdentityRange(valid: host, host: guest, count: count) }

  /// The guest's ids, mapped to the same numbers.
  var ofGuest: IdentityRange { IdentityRange(valid: guest, host: guest, count: count) }

  /// True if an id is in both ranges, on either side.
  package func overlaps(_ other: IdentityRange) -> Bool {
    func meets(_ one: UInt32, _ two: UInt32) -> Bool { one < two ? two - one < count : one - two < other.count }
    return meets(guest, other.guest) || meets(host, other.host)
  }
}
