// What the driver reads of replies whose answer is no structure of its own.
extension Reply {
  /// The bytes of an answer that is a value: a link's target, an extended attribute's value, or a list of names.
  ///
  /// - Throws: ``Malformed`` where the payload isn't exactly one value.
  @_lifetime(copy payload)
  public static func value(_ payload: Span<UInt8>) throws(Malformed) -> Span<UInt8> {
    var reader = Reader(payload)
    let value = try reader.bytes()
    try reader.end()
    return value
  }

  /// The inode's generation that an answer is.
  ///
  /// - Throws: ``Malformed`` where the payload isn't exactly one number.
  public static func version(_ payload: Span<UInt8>) throws(Malformed) -> UInt64 {
    var reader = Reader(payload)
    let generation = try reader.u64()
    try reader.end()
    return generation
  }
}
