import Wire

extension Writer {
  /// Writes into `buffer` from an offset, in the host's byte order.
  @inline(__always)
  @_lifetime(&buffer)
  init(_ buffer: inout MutableSpan<UInt8>, at start: Int = 0) {
    self.init(&buffer, order: .native, at: start)
  }

  @_lifetime(self: copy self)
  mutating func flag(_ flag: Bool) {
    u32(flag ? 1 : 0)
  }

  @inline(__always)
  @_lifetime(self: copy self)
  mutating func time(_ time: MonitorTime) {
    i64(time.seconds)
    i64(time.nanoseconds)
  }

  @_lifetime(self: copy self)
  mutating func owner(_ owner: MonitorRequest.Owner) {
    u32(owner.uid)
    u32(owner.gid)
  }

  @_lifetime(self: copy self)
  mutating func status(_ status: MonitorStatus) {
    u64(status.device)
    u64(status.inode)
    u32(status.mode)
    u64(status.size)
    time(status.modification)
  }
}
