import Wire

extension Writer {
  /// Writes into `buffer` from an offset, in the proxy protocol's byte order.
  @inline(__always)
  @_lifetime(&buffer)
  init(_ buffer: inout MutableSpan<UInt8>, at start: Int = 0) {
    self.init(&buffer, order: .native, at: start)
  }

  @inline(__always)
  @_lifetime(self: copy self)
  mutating func header(_ header: FrameHeader) {
    u32(header.type)
    u32(header.size)
  }

  @inline(__always)
  @_lifetime(self: copy self)
  mutating func time(_ time: Time) {
    i64(time.seconds)
    i64(time.nanoseconds)
  }
}
