/// Takes fields off the front of a body.
struct Reader: ~Escapable {
  private(set) var rest: Span<UInt8>

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>) {
    rest = bytes
  }

  // Written out: a loop over the bytes isn't turned into one load.

  @_lifetime(self: copy self)
  mutating func u8() throws(Malformed) -> UInt8 {
    guard rest.count >= 1 else { throw .truncated }
    let value = rest[0]
    rest = rest.extracting(droppingFirst: 1)
    return value
  }

  @_lifetime(self: copy self)
  mutating func u16() throws(Malformed) -> UInt16 {
    guard rest.count >= 2 else { throw .truncated }
    let value = UInt16(rest[0]) | UInt16(rest[1]) << 8
    rest = rest.extracting(droppingFirst: 2)
    return value
  }

  @_lifetime(self: copy self)
  mutating func u32() throws(Malformed) -> UInt32 {
    guard rest.count >= 4 else { throw .truncated }
    let value = UInt32(rest[0]) | UInt32(rest[1]) << 8 | UInt32(rest[2]) << 16 | UInt32(rest[3]) << 24
    rest = rest.extracting(droppingFirst: 4)
    return value
  }

  @_lifetime(self: copy self)
  mutating func u64() throws(Malformed) -> UInt64 {
    guard rest.count >= 8 else { throw .truncated }
    let low =
      UInt64(rest[0]) | UInt64(rest[1]) << 8 | UInt64(rest[2]) << 16 | UInt64(rest[3]) << 24
    let high =
      UInt64(rest[4]) | UInt64(rest[5]) << 8 | UInt64(rest[6]) << 16 | UInt64(rest[7]) << 24
    rest = rest.extracting(droppingFirst: 8)
    return low | high << 32
  }

  /// So many bytes, as they are.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  private mutating func take(_ count: Int) throws(Malformed) -> Span<UInt8> {
    guard rest.count >= count else { throw .truncated }
    let field = rest.extracting(first: count)
    rest = rest.extracting(droppingFirst: count)
    return field
  }

  /// A string: bytes behind a 16-bit length, as they are.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  mutating func bytes() throws(Malformed) -> Span<UInt8> {
    try take(Int(try u16()))
  }

  /// A string that a rule holds for.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  mutating func name(_ rule: NameRule) throws(Malformed) -> Span<UInt8> {
    let name = try bytes()
    try rule.check(name)
    return name
  }

  /// Data: bytes behind a 32-bit count.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  mutating func data() throws(Malformed) -> Span<UInt8> {
    try take(Int(clamping: try u32()))
  }

  @_lifetime(self: copy self)
  mutating func tag() throws(Malformed) -> Tag {
    Tag(rawValue: try u16())
  }

  @_lifetime(self: copy self)
  mutating func fid() throws(Malformed) -> Fid {
    Fid(rawValue: try u32())
  }

  @_lifetime(self: copy self)
  mutating func qid() throws(Malformed) -> Qid {
    Qid(kind: Qid.Kind(rawValue: try u8()), version: try u32(), path: try u64())
  }

  @_lifetime(self: copy self)
  mutating func time() throws(Malformed) -> Time {
    Time(seconds: Int64(bitPattern: try u64()), nanoseconds: try u64())
  }

  @_lifetime(self: copy self)
  mutating func lockKind() throws(Malformed) -> Lock.Kind {
    guard let kind = Lock.Kind(rawValue: try u8()) else { throw .value }
    return kind
  }

  /// The fields of a lock behind its kind.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  mutating func lock(_ kind: Lock.Kind) throws(Malformed) -> Lock {
    Lock(kind: kind, start: try u64(), length: try u64(), process: try u32(), client: try bytes())
  }

  /// Says that the last field has been read.
  func end() throws(Malformed) {
    guard rest.isEmpty else { throw .trailing }
  }
}
