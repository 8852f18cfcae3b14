extension MutableSpan where Element == UInt8 {
  // Written out, and inlined where the buffer's size is known to suffice: only then is each one store, without checks.

  @inline(__always)
  mutating func store(_ value: UInt16, at offset: Int) {
    self[offset] = UInt8(truncatingIfNeeded: value)
    self[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
  }

  @inline(__always)
  mutating func store(_ value: UInt32, at offset: Int) {
    self[offset] = UInt8(truncatingIfNeeded: value)
    self[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
    self[offset + 2] = UInt8(truncatingIfNeeded: value >> 16)
    self[offset + 3] = UInt8(truncatingIfNeeded: value >> 24)
  }

  @inline(__always)
  mutating func store(_ value: UInt64, at offset: Int) {
    self[offset] = UInt8(truncatingIfNeeded: value)
    self[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
    self[offset + 2] = UInt8(truncatingIfNeeded: value >> 16)
    self[offset + 3] = UInt8(truncatingIfNeeded: value >> 24)
    self[offset + 4] = UInt8(truncatingIfNeeded: value >> 32)
    self[offset + 5] = UInt8(truncatingIfNeeded: value >> 40)
    self[offset + 6] = UInt8(truncatingIfNeeded: value >> 48)
    self[offset + 7] = UInt8(truncatingIfNeeded: value >> 56)
  }

  @inline(__always)
  mutating func store(_ header: FrameHeader) {
    store(header.size, at: 0)
    self[4] = header.type
    store(header.tag.rawValue, at: 5)
  }

  @inline(__always)
  mutating func store(_ qid: Qid, at offset: Int) {
    self[offset] = qid.kind.rawValue
    store(qid.version, at: offset + 1)
    store(qid.path, at: offset + 5)
  }

  @inline(__always)
  mutating func store(_ time: Time, at offset: Int) {
    store(UInt64(bitPattern: time.seconds), at: offset)
    store(time.nanoseconds, at: offset + 8)
  }
}

/// Messages whose length depends on their fields: each is put behind the last, at `end`, if there is room.
extension MutableSpan where Element == UInt8 {
  /// The offset of `count` bytes at `end`, which is moved behind them.
  @inline(__always)
  private func room(_ count: Int, _ end: inout Int) throws(Malformed) -> Int {
    let start = end
    guard start >= 0, start <= self.count, self.count - start >= count else { throw .length }
    end = start + count
    return start
  }

  mutating func append(_ value: UInt8, _ end: inout Int) throws(Malformed) {
    self[try room(1, &end)] = value
  }

  mutating func append(_ value: UInt16, _ end: inout Int) throws(Malformed) {
    store(value, at: try room(2, &end))
  }

  mutating func append(_ value: UInt32, _ end: inout Int) throws(Malformed) {
    store(value, at: try room(4, &end))
  }

  mutating func append(_ value: UInt64, _ end: inout Int) throws(Malformed) {
    store(value, at: try room(8, &end))
  }

  mutating func append(_ fid: Fid, _ end: inout Int) throws(Malformed) {
    try append(fid.rawValue, &end)
  }

  mutating func append(_ time: Time, _ end: inout Int) throws(Malformed) {
    store(time, at: try room(16, &end))
  }

  /// A string: all of it with its 16-bit length, or nothing.
  mutating func append(_ bytes: Span<UInt8>, _ end: inout Int) throws(Malformed) {
    guard let count = UInt16(exactly: bytes.count) else { throw .length }
    let start = try room(2 + bytes.count, &end)
    store(count, at: start)
    copy(bytes, at: start + 2)
  }

  /// Bytes as they are.
  mutating func appendRaw(_ bytes: Span<UInt8>, _ end: inout Int) throws(Malformed) {
    copy(bytes, at: try room(bytes.count, &end))
  }

  mutating func append(_ lock: Lock, _ end: inout Int) throws(Malformed) {
    try append(lock.start, &end)
    try append(lock.length, &end)
    try append(lock.process, &end)
    try append(lock.client, &end)
  }

  private mutating func copy(_ bytes: Span<UInt8>, at offset: Int) {
    for index in bytes.indices { self[offset + index] = bytes[index] }
  }
}
