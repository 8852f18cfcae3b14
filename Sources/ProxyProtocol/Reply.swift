/// Replies, written into a buffer of at least ``Frame/maximumSize`` bytes; each function returns the bytes to send.
public enum Reply {
  /// Where a value's own bytes stand in its reply: behind the header and a 16-bit length.
  public static let valueOffset = Frame.headerSize + 2
  /// The longest value that a reply can carry, in bytes; a longer one is answered with `ENOBUFS`.
  public static let maximumValue = Frame.maximumPayload - 2
  /// No reply of a fixed size is longer. Said at the start of each, it spares a check at every store.
  private static let smallestBuffer = Frame.headerSize + FileStatus.size
  /// Bytes of a ``descriptor(_:into:)`` reply.
  public static let descriptorSize = 4

  /// A status: 0, a negative errno (also the failure of a request that has a response), or the length that was asked for.
  public static func status(_ status: Int32, into buffer: inout MutableSpan<UInt8>) -> Int {
    precondition(buffer.count >= smallestBuffer)
    let type: ReplyType = status < 0 ? .error : .success
    buffer.store(FrameHeader(type: type.rawValue, size: 4))
    buffer.store(UInt32(bitPattern: status), at: Frame.headerSize)
    return Frame.headerSize + 4
  }

  /// The word that a descriptor travels with, or a negative errno in its place.
  public static func descriptor(_ word: Int32, into buffer: inout MutableSpan<UInt8>) -> Int {
    precondition(buffer.count >= smallestBuffer)
    buffer.store(UInt32(bitPattern: word), at: 0)
    return descriptorSize
  }

  /// A value of `count` bytes, at most ``maximumValue``, that stands at ``valueOffset`` already.
  public static func value(count: Int, into buffer: inout MutableSpan<UInt8>) -> Int {
    precondition(buffer.count >= smallestBuffer)
    buffer.store(FrameHeader(type: ReplyType.success.rawValue, size: UInt32(truncatingIfNeeded: 2 + count)))
    buffer.store(UInt16(truncatingIfNeeded: count), at: Frame.headerSize)
    return valueOffset + count
  }

  /// An inode's generation.
  public static func version(_ generation: UInt64, into buffer: inout MutableSpan<UInt8>) -> Int {
    precondition(buffer.count >= smallestBuffer)
    buffer.store(FrameHeader(type: ReplyType.success.rawValue, size: 8))
    buffer.store(generation, at: Frame.headerSize)
    return Frame.headerSize + 8
  }

  /// What `lstat` found.
  public static func fileStatus(_ status: FileStatus, into buffer: inout MutableSpan<UInt8>) -> Int {
    precondition(buffer.count >= smallestBuffer)
    buffer.store(FrameHeader(type: ReplyType.success.rawValue, size: UInt32(FileStatus.size)))
    buffer.store(status.device, at: 8)
    buffer.store(status.inode, at: 16)
    buffer.store(status.links, at: 24)
    buffer.store(status.mode, at: 32)
    buffer.store(status.uid, at: 36)
    buffer.store(status.gid, at: 40)
    buffer.store(status.specialDevice, at: 44)
    buffer.store(status.size, at: 52)
    buffer.store(status.blockSize, at: 60)
    buffer.store(status.blocks, at: 68)
    buffer.store(status.access, at: 76)
    buffer.store(status.modification, at: 92)
    buffer.store(status.change, at: 108)
    return Frame.headerSize + FileStatus.size
  }

  /// What `statfs` found.
  public static func fileSystemStatus(_ status: FileSystemStatus, into buffer: inout MutableSpan<UInt8>) -> Int {
    precondition(buffer.count >= smallestBuffer)
    buffer.store(FrameHeader(type: ReplyType.success.rawValue, size: UInt32(FileSystemStatus.size)))
    buffer.store(status.type, at: 8)
    buffer.store(status.blockSize, at: 16)
    buffer.store(status.blocks, at: 24)
    buffer.store(status.freeBlocks, at: 32)
    buffer.store(status.availableBlocks, at: 40)
    buffer.store(status.files, at: 48)
    buffer.store(status.freeFiles, at: 56)
    buffer.store(status.identifier.0, at: 64)
    buffer.store(status.identifier.1, at: 72)
    buffer.store(status.nameLength, at: 80)
    buffer.store(status.fragmentSize, at: 88)
    return Frame.headerSize + FileSystemStatus.size
  }
}

extension MutableSpan where Element == UInt8 {
  @inline(__always)
  fileprivate mutating func store(_ header: FrameHeader) {
    store(header.type, at: 0)
    store(header.size, at: 4)
  }

  @inline(__always)
  fileprivate mutating func store(_ time: Request.Time, at offset: Int) {
    store(UInt64(bitPattern: time.seconds), at: offset)
    store(UInt64(bitPattern: time.nanoseconds), at: offset + 8)
  }

  // Written out, and inlined where the buffer's size is known to suffice: only then is each one store, without checks.
  @inline(__always)
  fileprivate mutating func store(_ value: UInt16, at offset: Int) {
    let value = value.littleEndian
    self[offset] = UInt8(truncatingIfNeeded: value)
    self[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
  }

  @inline(__always)
  fileprivate mutating func store(_ value: UInt32, at offset: Int) {
    let value = value.littleEndian
    self[offset] = UInt8(truncatingIfNeeded: value)
    self[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
    self[offset + 2] = UInt8(truncatingIfNeeded: value >> 16)
    self[offset + 3] = UInt8(truncatingIfNeeded: value >> 24)
  }

  @inline(__always)
  fileprivate mutating func store(_ value: UInt64, at offset: Int) {
    let value = value.littleEndian
    self[offset] = UInt8(truncatingIfNeeded: value)
    self[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
    self[offset + 2] = UInt8(truncatingIfNeeded: value >> 16)
    self[offset + 3] = UInt8(truncatingIfNeeded: value >> 24)
    self[offset + 4] = UInt8(truncatingIfNeeded: value >> 32)
    self[offset + 5] = UInt8(truncatingIfNeeded: value >> 40)
    self[offset + 6] = UInt8(truncatingIfNeeded: value >> 48)
    self[offset + 7] = UInt8(truncatingIfNeeded: value >> 56)
  }
}
