import Wire

extension Reader {
  /// Reads `bytes` in 9P's byte order.
  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>) {
    self.init(bytes, order: .little)
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
    Time(seconds: try i64(), nanoseconds: try u64())
  }

  @_lifetime(self: copy self)
  mutating func lockKind() throws(Malformed) -> Lock.Kind {
    guard let kind = Lock.Kind(rawValue: try u8()) else { throw .value }
    return kind
  }

  /// Reads the fields of a lock that follow its kind.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  mutating func lock(_ kind: Lock.Kind) throws(Malformed) -> Lock {
    Lock(kind: kind, start: try u64(), length: try u64(), process: try u32(), client: try string())
  }

  /// Reads a name that may also be `.` or `..`: a step of a walk, or an entry of a listing.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  mutating func nameOrDots() throws(Malformed) -> Span<UInt8> {
    let field = try string()
    switch Name.fault(in: field) {
    case nil, .dot, .dotDot: return field
    case .some(let fault): throw .name(fault)
    }
  }

  /// Reads the target of a symbolic link: any path.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  mutating func target() throws(Malformed) -> Span<UInt8> {
    let field = try string()
    if field.isEmpty { throw .name(.empty) }
    // `PATH_MAX` without the NUL.
    if field.count > 4095 { throw .name(.tooLong) }
    if field.holdsNUL { throw .name(.nul) }
    return field
  }

  /// Reads the name of an extended attribute, or none. It may be any bytes but NUL.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  mutating func attributeNameOrNone() throws(Malformed) -> Span<UInt8> {
    let field = try string()
    // `XATTR_NAME_MAX`.
    if field.count > 255 { throw .name(.tooLong) }
    if field.holdsNUL { throw .name(.nul) }
    return field
  }

  /// Reads the name of an extended attribute.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  mutating func attributeName() throws(Malformed) -> Span<UInt8> {
    let field = try attributeNameOrNone()
    if field.isEmpty { throw .name(.empty) }
    return field
  }
}

extension Span<UInt8> {
  fileprivate var holdsNUL: Bool {
    for index in indices where self[index] == 0 { return true }
    return false
  }
}
