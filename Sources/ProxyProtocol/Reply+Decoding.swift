package import Wire

// What the driver reads of replies whose answer is no structure of its own.
extension Reply {
  /// The bytes of an answer that is a value: a link's target, an extended attribute's value, or a list of names.
  ///
  /// - Throws: ``Malformed`` where the payload isn't exactly one value.
  @_lifetime(copy payload)
  package static func value(_ payload: Span<UInt8>) throws(Malformed) -> Span<UInt8> {
    var reader = Reader(payload)
    let value = try reader.string()
    try reader.end()
    return value
  }

  /// Decodes a status, or the word that a descriptor travels with.
  ///
  /// - Throws: ``Malformed`` when the payload isn't exactly one number.
  package static func status(_ payload: Span<UInt8>) throws(Malformed) -> Int32 {
    var reader = Reader(payload)
    let status = try reader.i32()
    try reader.end()
    return status
  }

  /// The inode's generation that an answer is.
  ///
  /// - Throws: ``Malformed`` where the payload isn't exactly one number.
  package static func version(_ payload: Span<UInt8>) throws(Malformed) -> UInt64 {
    var reader = Reader(payload)
    let generation = try reader.u64()
    try reader.end()
    return generation
  }
}
