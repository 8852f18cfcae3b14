import Wire

extension Reader {
  /// Reads `bytes` in the proxy protocol's byte order.
  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>) {
    self.init(bytes, order: .native)
  }

  @_lifetime(self: copy self)
  mutating func time() throws(Malformed) -> Time {
    Time(seconds: try i64(), nanoseconds: try i64())
  }

  /// Reads a path or a name. It is without the NUL that most of them carry at their end, and holds no other.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  mutating func path() throws(Malformed) -> Span<UInt8> {
    var field = try string()
    if let last = field.indices.last, field[last] == 0 { field = field.extracting(droppingLast: 1) }
    for index in field.indices where field[index] == 0 { throw .embeddedNUL }
    return field
  }
}
