/// Takes fields off the front of a payload.
///
/// Integers are in host byte order: both ends are on one machine.
public struct Reader: ~Escapable {
  private var rest: Span<UInt8>

  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>) {
    rest = bytes
  }

  @_lifetime(self: copy self)
  public mutating func u16() throws(Malformed) -> UInt16 {
    guard rest.count >= 2 else { throw .truncated }
    let value = UInt16(rest[0]) | UInt16(rest[1]) << 8
    rest = rest.extracting(droppingFirst: 2)
    return UInt16(littleEndian: value)
  }

  @_lifetime(self: copy self)
  public mutating func u32() throws(Malformed) -> UInt32 {
    guard rest.count >= 4 else { throw .truncated }
    // Written out: a loop over the bytes isn't turned into one load.
    let value = UInt32(rest[0]) | UInt32(rest[1]) << 8 | UInt32(rest[2]) << 16 | UInt32(rest[3]) << 24
    rest = rest.extracting(droppingFirst: 4)
    return UInt32(littleEndian: value)
  }

  @_lifetime(self: copy self)
  public mutating func i32() throws(Malformed) -> Int32 {
    Int32(bitPattern: try u32())
  }

  @_lifetime(self: copy self)
  public mutating func u64() throws(Malformed) -> UInt64 {
    guard rest.count >= 8 else { throw .truncated }
    let low =
      UInt64(rest[0]) | UInt64(rest[1]) << 8 | UInt64(rest[2]) << 16 | UInt64(rest[3]) << 24
    let high =
      UInt64(rest[4]) | UInt64(rest[5]) << 8 | UInt64(rest[6]) << 16 | UInt64(rest[7]) << 24
    rest = rest.extracting(droppingFirst: 8)
    return UInt64(littleEndian: low | high << 32)
  }

  @_lifetime(self: copy self)
  public mutating func i64() throws(Malformed) -> Int64 {
    Int64(bitPattern: try u64())
  }

  /// Bytes behind a 16-bit length, as they are.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  public mutating func bytes() throws(Malformed) -> Span<UInt8> {
    let count = Int(try u16())
    guard rest.count >= count else { throw .truncated }
    let field = rest.extracting(first: count)
    rest = rest.extracting(droppingFirst: count)
    return field
  }

  /// A path or name: without the NUL that most of them carry at their end, and holding no other.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  public mutating func path() throws(Malformed) -> Span<UInt8> {
    var field = try bytes()
    if let last = field.indices.last, field[last] == 0 { field = field.extracting(droppingLast: 1) }
    for index in field.indices where field[index] == 0 { throw .embeddedNUL }
    return field
  }

  /// All bytes that are left.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  public mutating func remainder() -> Span<UInt8> {
    let field = rest
    rest = rest.extracting(first: 0)
    return field
  }

  /// Says that the last field has been read.
  public func end() throws(Malformed) {
    guard rest.isEmpty else { throw .trailing }
  }
}
