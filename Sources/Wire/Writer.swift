/// Puts fields into a buffer, one after the other.
///
/// A field that doesn't fit is left out but counted, and so is every later one; ``finish()`` reports it. With no room at
/// all a writer measures a message.
public struct Writer: ~Copyable, ~Escapable {
  @usableFromInline var room: MutableSpan<UInt8>
  @usableFromInline let order: ByteOrder
  @usableFromInline var position: Int
  @usableFromInline var lengthsFit = true

  /// Writes into `room` from an offset, with integers in this byte order.
  @inlinable @inline(__always)
  @_lifetime(&room)
  public init(_ room: inout MutableSpan<UInt8>, order: ByteOrder, at start: Int = 0) {
    precondition(start >= 0)
    self.room = room._mutatingExtracting(...)
    self.order = order
    position = start
  }

  /// The offset after the last field, whether it fits or not.
  @inlinable
  public var end: Int { position }

  // Written out, each behind a check of its own: a run of stores without branches isn't turned into one store a field.
  // Inlined always: calls for each field of a status cost more than half of its request's instructions. That takes
  // `public`, too: another module calls what is `@inlinable package`.

  /// Writes an integer of 8 bits.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func u8(_ value: UInt8) {
    let start = position
    position &+= 1
    guard position <= room.count else { return }
    room[start] = value
  }

  /// Writes an integer of 16 bits.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func u16(_ value: UInt16) {
    let (start, value) = (position, order.convert(value))
    position &+= 2
    guard position <= room.count else { return }
    room[start] = UInt8(truncatingIfNeeded: value)
    room[start + 1] = UInt8(truncatingIfNeeded: value >> 8)
  }

  /// Writes an integer of 32 bits.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func u32(_ value: UInt32) {
    let (start, value) = (position, order.convert(value))
    position &+= 4
    guard position <= room.count else { return }
    room[start] = UInt8(truncatingIfNeeded: value)
    room[start + 1] = UInt8(truncatingIfNeeded: value >> 8)
    room[start + 2] = UInt8(truncatingIfNeeded: value >> 16)
    room[start + 3] = UInt8(truncatingIfNeeded: value >> 24)
  }

  /// Writes an integer of 64 bits.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func u64(_ value: UInt64) {
    let (start, value) = (position, order.convert(value))
    position &+= 8
    guard position <= room.count else { return }
    room[start] = UInt8(truncatingIfNeeded: value)
    room[start + 1] = UInt8(truncatingIfNeeded: value >> 8)
    room[start + 2] = UInt8(truncatingIfNeeded: value >> 16)
    room[start + 3] = UInt8(truncatingIfNeeded: value >> 24)
    room[start + 4] = UInt8(truncatingIfNeeded: value >> 32)
    room[start + 5] = UInt8(truncatingIfNeeded: value >> 40)
    room[start + 6] = UInt8(truncatingIfNeeded: value >> 48)
    room[start + 7] = UInt8(truncatingIfNeeded: value >> 56)
  }

  /// Writes a signed integer of 32 bits.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func i32(_ value: Int32) {
    u32(UInt32(bitPattern: value))
  }

  /// Writes a signed integer of 64 bits.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func i64(_ value: Int64) {
    u64(UInt64(bitPattern: value))
  }

  /// Writes bytes without a length.
  @_lifetime(self: copy self)
  public mutating func bytes(_ field: Span<UInt8>) {
    let start = position
    position &+= field.count
    guard start <= room.count, position <= room.count else { return }
    for index in field.indices { room[start + index] = field[index] }
  }

  /// Writes a string: a length of 16 bits, and as many bytes.
  @_lifetime(self: copy self)
  public mutating func string(_ field: Span<UInt8>) {
    if field.count > Int(UInt16.max) { lengthsFit = false }
    u16(UInt16(truncatingIfNeeded: field.count))
    bytes(field)
  }

  /// Writes data: a length of 32 bits, and as many bytes.
  @_lifetime(self: copy self)
  public mutating func data(_ field: Span<UInt8>) {
    if field.count > Int(UInt32.max) { lengthsFit = false }
    u32(UInt32(truncatingIfNeeded: field.count))
    bytes(field)
  }

  /// Writes a name as a string.
  @_lifetime(self: copy self)
  public mutating func name(_ name: Name) {
    string(name.bytes)
  }

  /// Returns the offset after the last field, when every field fits.
  ///
  /// - Throws: ``Malformed/length`` when the buffer is too small, or a field is longer than its length can say.
  @inlinable
  public func finish() throws(Malformed) -> Int {
    guard lengthsFit, position <= room.count else { throw .length }
    return position
  }

  /// Returns the offset after the last field, when the caller has seen to it that every field fits.
  @inlinable @inline(__always)
  public func filled() -> Int {
    precondition(lengthsFit && position <= room.count)
    return position
  }

  /// Returns the offset after the last field, whether there is room or not.
  ///
  /// - Throws: ``Malformed/length`` when a field is longer than its length can say.
  @inlinable
  public func measure() throws(Malformed) -> Int {
    guard lengthsFit else { throw .length }
    return position
  }
}
