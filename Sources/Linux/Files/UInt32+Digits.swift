extension UInt32 {
  /// Parses decimal digits; nil if the text is empty, holds anything else or exceeds 32 bits.
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
