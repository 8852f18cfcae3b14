public import Wire

// Answers that have no type of their own, decoded for the driver.
extension Reply {
  /// Decodes a value: a link's target, an extended attribute's value, or a list of names.
  ///
  /// - Throws: ``Malformed`` where the payload isn't exactly one value.
  @_lifetime(copy payload)
  public static func value(_ payload: Span<UInt8>) throws(Malformed) -> Span<UInt8> {
    var reader = Reader(payload)
    let value = try reader.string()
    try reader.end()
    return value
  }

  /// Decodes a status, or the word that a descriptor travels with.
  ///
  /// - Throws: ``Malformed`` when the payload isn't exactly one number.
  public static func status(_ payload: Span<UInt8>) throws(Malformed) -> Int32 {
    var reader = Reader(payload)
    let status = try reader.i32()
    try reader.end()
    return status
  }

  /// Decodes the answer to `T_GETVERSION`: an inode's generation.
  ///
  /// - Throws: ``Malformed`` where the payload isn't exactly one number.
  public static func version(_ payload: Span<UInt8>) throws(Malformed) -> UInt64 {
    var reader = Reader(payload)
    let generation = try reader.u64()
    try reader.end()
    return generation
  }
}
