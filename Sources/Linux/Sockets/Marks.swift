/// A queue of bits.
package struct Marks {
  private var bits: UInt64 = 0
  package private(set) var count = 0

  /// The capacity.
  package static let most = UInt64.bitWidth

  package init() {}

  /// The number of bits that aren't set.
  package var unmarked: Int { count - bits.nonzeroBitCount }

  /// Appends a bit, for which there must be room.
  package mutating func append(_ isMarked: Bool) {
    if isMarked { bits |= 1 << UInt64(count) }
    count += 1
  }

  /// Sets the last bits.
  mutating func markLast(_ number: Int) {
    for index in count - number..<count { bits |= 1 << UInt64(index) }
  }

  /// Takes the first bit; false if there is none.
  package mutating func takeFirst() -> Bool {
    guard count > 0 else { return false }
    defer { bits >>= 1 }
    count -= 1
    return bits & 1 != 0
  }

  /// Takes the last bit; false if there is none.
  package mutating func takeLast() -> Bool {
    guard count > 0 else { return false }
    count -= 1
    let bit: UInt64 = 1 << UInt64(count)
    defer { bits &= ~bit }
    return bits & bit != 0
  }
}
