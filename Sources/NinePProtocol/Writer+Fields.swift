import Wire

extension Writer {
  /// Writes into `buffer` from an offset, in 9P's byte order.
  @inline(__always)
  @_lifetime(&buffer)
  init(_ buffer: inout MutableSpan<UInt8>, at start: Int = 0) {
    self.init(&buffer, order: .little, at: start)
  }

  @inline(__always)
  @_lifetime(self: copy self)
  mutating func header(_ header: FrameHeader) {
    u32(header.size)
    u8(header.type)
    u16(header.tag.rawValue)
  }

  @inline(__always)
  @_lifetime(self: copy self)
  mutating func fid(_ fid: Fid) {
    u32(fid.rawValue)
  }

  @inline(__always)
  @_lifetime(self: copy self)
  mutating func qid(_ qid: Qid) {
    u8(qid.kind.rawValue)
    u32(qid.version)
    u64(qid.path)
  }

  @inline(__always)
  @_lifetime(self: copy self)
  mutating func time(_ time: Time) {
    i64(time.seconds)
    u64(time.nanoseconds)
  }

  /// Writes the fields of a lock that follow its kind.
  @_lifetime(self: copy self)
  mutating func lock(_ lock: Lock) {
    u64(lock.start)
    u64(lock.length)
    u32(lock.process)
    string(lock.client)
  }
}
