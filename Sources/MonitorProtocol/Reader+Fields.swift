import Wire

extension Reader {
  /// Reads `bytes` in the host's byte order: both halves are on one machine.
  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>) {
    self.init(bytes, order: .native)
  }

  @_lifetime(self: copy self)
  mutating func flag() throws(Malformed) -> Bool { try u32() != 0 }

  @_lifetime(self: copy self)
  mutating func time() throws(Malformed) -> MonitorTime {
    MonitorTime(seconds: try i64(), nanoseconds: try i64())
  }

  @_lifetime(self: copy self)
  mutating func owner() throws(Malformed) -> MonitorRequest.Owner {
    MonitorRequest.Owner(uid: try u32(), gid: try u32())
  }

  @_lifetime(self: copy self)
  mutating func status() throws(Malformed) -> MonitorStatus {
    MonitorStatus(
      device: try u64(), inode: try u64(), mode: try u32(), size: try u64(), modification: try time())
  }
}
