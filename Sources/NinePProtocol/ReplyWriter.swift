/// Writes the reply to one request into a buffer of at least ``smallestBuffer`` bytes; each function returns the bytes
/// to send. Which of them a request is answered with, its ``RequestType/replyForm`` says; or ``error(_:into:)``.
public struct ReplyWriter: Sendable {
  /// No reply of a fixed size is longer, nor one of any number of qids.
  public static let smallestBuffer = Frame.qidsOffset + Names.maximumCount * Qid.size

  private let type: UInt8
  /// What the reply is known by.
  public let tag: Tag

  /// Replies to a request. A header of another type than ``RequestType``'s can only be answered with an error.
  public init(to request: FrameHeader) {
    type = request.type | 1
    tag = request.tag
  }

  /// The header of a reply of `size` bytes. Said first, the size of the buffer spares a check at every store.
  @inline(__always)
  private func header(_ size: Int, type: UInt8? = nil, into buffer: inout MutableSpan<UInt8>) -> Int {
    precondition(buffer.count >= Self.smallestBuffer)
    buffer.store(FrameHeader(size: UInt32(truncatingIfNeeded: size), type: type ?? self.type, tag: tag))
    return size
  }

  /// `Rlerror`, the failure of any request.
  public func error(_ number: ErrorNumber, into buffer: inout MutableSpan<UInt8>) -> Int {
    let size = header(11, type: RequestType.errorReply, into: &buffer)
    buffer.store(number.rawValue, at: 7)
    return size
  }

  /// A reply that says that it was done, and no more.
  public func empty(into buffer: inout MutableSpan<UInt8>) -> Int {
    header(Frame.headerSize, into: &buffer)
  }

  /// What was made or attached to.
  public func qid(_ qid: Qid, into buffer: inout MutableSpan<UInt8>) -> Int {
    let size = header(20, into: &buffer)
    buffer.store(qid, at: 7)
    return size
  }

  /// What was opened. `unit` bytes are read or written at once; 0 lets the client choose.
  public func opened(_ qid: Qid, unit: UInt32 = 0, into buffer: inout MutableSpan<UInt8>) -> Int {
    let size = header(24, into: &buffer)
    buffer.store(qid, at: 7)
    buffer.store(unit, at: 20)
    return size
  }

  /// Puts a qid where ``qids(count:into:)`` needs it. A walk has 16 at most.
  public static func put(_ qid: Qid, at index: Int, into buffer: inout MutableSpan<UInt8>) {
    precondition(buffer.count >= smallestBuffer && (0..<Names.maximumCount).contains(index))
    buffer.store(qid, at: Frame.qidsOffset + index * Qid.size)
  }

  /// An `Rwalk` of the `count` qids that stand at ``Frame/qidsOffset`` already.
  public func qids(count: Int, into buffer: inout MutableSpan<UInt8>) -> Int {
    precondition((0...Names.maximumCount).contains(count))
    let size = header(Frame.qidsOffset + count * Qid.size, into: &buffer)
    buffer.store(UInt16(truncatingIfNeeded: count), at: 7)
    return size
  }

  /// An `Rread` or `Rreaddir` of the `count` bytes that stand at ``Frame/dataOffset`` already.
  public func data(count: Int, into buffer: inout MutableSpan<UInt8>) -> Int {
    precondition((0...(buffer.count - Frame.dataOffset)).contains(count))
    let size = header(Frame.dataOffset + count, into: &buffer)
    buffer.store(UInt32(truncatingIfNeeded: count), at: 7)
    return size
  }

  /// How many bytes were written.
  public func count(_ count: UInt32, into buffer: inout MutableSpan<UInt8>) -> Int {
    let size = header(11, into: &buffer)
    buffer.store(count, at: 7)
    return size
  }

  /// An `Rreadlink` of the `count` bytes that stand at ``Frame/targetOffset`` already, at most 65535.
  public func target(count: Int, into buffer: inout MutableSpan<UInt8>) -> Int {
    precondition((0...min(buffer.count - Frame.targetOffset, 0xffff)).contains(count))
    let size = header(Frame.targetOffset + count, into: &buffer)
    buffer.store(UInt16(truncatingIfNeeded: count), at: 7)
    return size
  }

  /// The attributes of a file.
  public func attributes(_ attributes: FileAttributes, into buffer: inout MutableSpan<UInt8>) -> Int {
    let size = header(Frame.headerSize + FileAttributes.size, into: &buffer)
    buffer.store(attributes.valid.rawValue, at: 7)
    buffer.store(attributes.qid, at: 15)
    buffer.store(attributes.mode, at: 28)
    buffer.store(attributes.uid, at: 32)
    buffer.store(attributes.gid, at: 36)
    buffer.store(attributes.links, at: 40)
    buffer.store(attributes.specialDevice, at: 48)
    buffer.store(attributes.size, at: 56)
    buffer.store(attributes.blockSize, at: 64)
    buffer.store(attributes.blocks, at: 72)
    buffer.store(attributes.access, at: 80)
    buffer.store(attributes.modification, at: 96)
    buffer.store(attributes.change, at: 112)
    buffer.store(attributes.birth, at: 128)
    buffer.store(attributes.generation, at: 144)
    buffer.store(attributes.dataVersion, at: 152)
    return size
  }

  /// What a file system says of itself.
  public func fileSystemStatus(_ status: FileSystemStatus, into buffer: inout MutableSpan<UInt8>) -> Int {
    let size = header(Frame.headerSize + FileSystemStatus.size, into: &buffer)
    buffer.store(status.type, at: 7)
    buffer.store(status.blockSize, at: 11)
    buffer.store(status.blocks, at: 15)
    buffer.store(status.freeBlocks, at: 23)
    buffer.store(status.availableBlocks, at: 31)
    buffer.store(status.files, at: 39)
    buffer.store(status.freeFiles, at: 47)
    buffer.store(status.identifier, at: 55)
    buffer.store(status.nameLength, at: 63)
    return size
  }

  /// The size of an extended attribute's value, or of the list of their names.
  public func size(_ bytes: UInt64, into buffer: inout MutableSpan<UInt8>) -> Int {
    let size = header(15, into: &buffer)
    buffer.store(bytes, at: 7)
    return size
  }

  /// What became of a lock.
  public func lockStatus(_ status: Lock.Status, into buffer: inout MutableSpan<UInt8>) -> Int {
    let size = header(8, into: &buffer)
    buffer[7] = status.rawValue
    return size
  }

  /// What keeps a lock from being had, or with ``Lock/Kind/unlocked`` that nothing does.
  ///
  /// - Throws: ``Malformed/length`` where the client's name is longer than the room for it.
  public func lock(_ lock: Lock, into buffer: inout MutableSpan<UInt8>) throws(Malformed) -> Int {
    var end = Frame.headerSize
    try buffer.append(lock.kind.rawValue, &end)
    try buffer.append(lock, &end)
    // Linux hangs up on a longer one, and the name is another client's choice.
    guard end <= Int(MessageSize.smallest) else { throw .length }
    return header(end, into: &buffer)
  }

  /// The version that is spoken, or none.
  public func version(_ version: Version, messageSize: UInt32, into buffer: inout MutableSpan<UInt8>) -> Int {
    let text = version.text
    let bytes = text.utf8.span
    let size = header(13 + bytes.count, into: &buffer)
    buffer.store(messageSize, at: 7)
    buffer.store(UInt16(truncatingIfNeeded: bytes.count), at: 11)
    for index in bytes.indices { buffer[13 + index] = bytes[index] }
    return size
  }
}
