/// Takes fields off the front of a message, each checked against the message's end.
public struct Reader: ~Escapable {
  @usableFromInline var bytes: Span<UInt8>
  @usableFromInline let order: ByteOrder

  /// Reads `bytes` from their beginning, with integers in this byte order.
  @inlinable @inline(__always)
  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>, order: ByteOrder) {
    self.bytes = bytes
    self.order = order
  }

  /// The bytes that aren't read yet.
  @inlinable @inline(__always)
  public var rest: Span<UInt8> {
    @_lifetime(copy self) get { bytes }
  }

  // Written out: a loop over the bytes isn't turned into one load.

  /// Reads an integer of 8 bits.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func u8() throws(Malformed) -> UInt8 {
    guard bytes.count >= 1 else { throw .truncated }
    let value = bytes[0]
    bytes = bytes.extracting(droppingFirst: 1)
    return value
  }

  /// Reads an integer of 16 bits.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func u16() throws(Malformed) -> UInt16 {
    guard bytes.count >= 2 else { throw .truncated }
    let value = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
    bytes = bytes.extracting(droppingFirst: 2)
    return order.convert(value)
  }

  /// Reads an integer of 32 bits.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func u32() throws(Malformed) -> UInt32 {
    guard bytes.count >= 4 else { throw .truncated }
    let value = UInt32(bytes[0]) | UInt32(bytes[1]) << 8 | UInt32(bytes[2]) << 16 | UInt32(bytes[3]) << 24
    bytes = bytes.extracting(droppingFirst: 4)
    return order.convert(value)
  }

  /// Reads an integer of 64 bits.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func u64() throws(Malformed) -> UInt64 {
    guard bytes.count >= 8 else { throw .truncated }
    let low =
      UInt64(bytes[0]) | UInt64(bytes[1]) << 8 | UInt64(bytes[2]) << 16 | UInt64(bytes[3]) << 24
    let high =
      UInt64(bytes[4]) | UInt64(bytes[5]) << 8 | UInt64(bytes[6]) << 16 | UInt64(bytes[7]) << 24
    bytes = bytes.extracting(droppingFirst: 8)
    return order.convert(low | high << 32)
  }

  /// Reads a signed integer of 32 bits.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func i32() throws(Malformed) -> Int32 {
    Int32(bitPattern: try u32())
  }

  /// Reads a signed integer of 64 bits.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func i64() throws(Malformed) -> Int64 {
    Int64(bitPattern: try u64())
  }

  /// Reads bytes without a length of their own.
  @inlinable @inline(__always)
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  public mutating func bytes(count: Int) throws(Malformed) -> Span<UInt8> {
    guard count >= 0, bytes.count >= count else { throw .truncated }
    let field = bytes.extracting(first: count)
    bytes = bytes.extracting(droppingFirst: count)
    return field
  }

  /// Reads a string: a length of 16 bits, and as many bytes.
  @inlinable @inline(__always)
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  public mutating func string() throws(Malformed) -> Span<UInt8> {
    try bytes(count: Int(try u16()))
  }

  /// Reads data: a length of 32 bits, and as many bytes.
  @inlinable @inline(__always)
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  public mutating func data() throws(Malformed) -> Span<UInt8> {
    try bytes(count: Int(clamping: try u32()))
  }

  /// Reads a string that is a name.
  ///
  /// - Throws: ``Malformed/name(_:)`` when it isn't one.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  public mutating func name() throws(Malformed) -> Name {
    let field = try string()
    do throws(Name.Fault) { return try Name(field) } catch { throw .name(error) }
  }

  /// Reads all bytes that are left.
  @inlinable @inline(__always)
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  public mutating func remainder() -> Span<UInt8> {
    let field = bytes
    bytes = bytes.extracting(first: 0)
    return field
  }

  /// Checks that no byte follows the last field.
  ///
  /// - Throws: ``Malformed/trailing``.
  @inlinable @inline(__always)
  public func end() throws(Malformed) {
    guard bytes.isEmpty else { throw .trailing }
  }
}
