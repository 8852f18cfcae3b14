public import Wire

/// Writes the reply to one request into a buffer of at least ``smallestBuffer`` bytes; each function returns the bytes
/// to send. Which of them a request is answered with, its ``RequestType/replyForm`` says; or ``error(_:into:)``.
public struct ReplyWriter: Sendable {
  /// No reply of a fixed size is longer, nor one of any number of qids.
  public static let smallestBuffer = Frame.qidsOffset + Names.maximumCount * Qid.size

  private let type: UInt8
  /// The tag of the request and of the reply.
  public let tag: Tag

  /// Replies to a request. A header of another type than ``RequestType``'s can only be answered with an error.
  public init(to request: FrameHeader) {
    type = request.type | 1
    tag = request.tag
  }

  /// Begins a reply of `size` bytes with its header.
  @inline(__always)
  @_lifetime(&buffer)
  private func begin(_ size: Int, type: UInt8? = nil, into buffer: inout MutableSpan<UInt8>) -> Writer {
    var writer = Writer(&buffer)
    writer.header(FrameHeader(size: UInt32(truncatingIfNeeded: size), type: type ?? self.type, tag: tag))
    return writer
  }

  /// Writes an `Rlerror`, the failure of any request.
  public func error(_ number: ErrorNumber, into buffer: inout MutableSpan<UInt8>) -> Int {
    var writer = begin(11, type: RequestType.errorReply, into: &buffer)
    writer.u32(number.rawValue)
    return writer.filled()
  }

  /// Writes a reply without fields.
  public func empty(into buffer: inout MutableSpan<UInt8>) -> Int {
    begin(Frame.headerSize, into: &buffer).filled()
  }

  /// Writes the qid of a file that was made or attached to.
  public func qid(_ qid: Qid, into buffer: inout MutableSpan<UInt8>) -> Int {
    var writer = begin(20, into: &buffer)
    writer.qid(qid)
    return writer.filled()
  }

  /// Writes an `Rlopen` or `Rlcreate`. `unit` bytes are read or written at once; 0 lets the client choose.
  public func opened(_ qid: Qid, unit: UInt32 = 0, into buffer: inout MutableSpan<UInt8>) -> Int {
    var writer = begin(24, into: &buffer)
    writer.qid(qid)
    writer.u32(unit)
    return writer.filled()
  }

  /// Puts a qid in the place where ``qids(count:into:)`` sends it from. A walk has 16 at most.
  public static func put(_ qid: Qid, at index: Int, into buffer: inout MutableSpan<UInt8>) {
    precondition((0..<Names.maximumCount).contains(index))
    var writer = Writer(&buffer, at: Frame.qidsOffset + index * Qid.size)
    writer.qid(qid)
    _ = writer.filled()
  }

  /// Completes an `Rwalk` of the `count` qids that ``put(_:at:into:)`` has put there.
  public func qids(count: Int, into buffer: inout MutableSpan<UInt8>) -> Int {
    precondition((0...Names.maximumCount).contains(count))
    let size = Frame.qidsOffset + count * Qid.size
    precondition(size <= buffer.count)
    var writer = begin(size, into: &buffer)
    writer.u16(UInt16(truncatingIfNeeded: count))
    return size
  }

  /// Completes an `Rread` or `Rreaddir` of the `count` bytes at ``Frame/dataOffset``.
  public func data(count: Int, into buffer: inout MutableSpan<UInt8>) -> Int {
    precondition((0...(buffer.count - Frame.dataOffset)).contains(count))
    let size = Frame.dataOffset + count
    var writer = begin(size, into: &buffer)
    writer.u32(UInt32(truncatingIfNeeded: count))
    return size
  }

  /// Writes an `Rwrite` of this many bytes.
  public func count(_ count: UInt32, into buffer: inout MutableSpan<UInt8>) -> Int {
    var writer = begin(11, into: &buffer)
    writer.u32(count)
    return writer.filled()
  }

  /// Completes an `Rreadlink` of the `count` bytes at ``Frame/targetOffset``, at most 65535.
  public func target(count: Int, into buffer: inout MutableSpan<UInt8>) -> Int {
    precondition((0...min(buffer.count - Frame.targetOffset, 0xffff)).contains(count))
    let size = Frame.targetOffset + count
    var writer = begin(size, into: &buffer)
    writer.u16(UInt16(truncatingIfNeeded: count))
    return size
  }

  /// Writes an `Rgetattr`.
  public func attributes(_ attributes: FileAttributes, into buffer: inout MutableSpan<UInt8>) -> Int {
    var writer = begin(Frame.headerSize + FileAttributes.size, into: &buffer)
    writer.u64(attributes.valid.rawValue)
    writer.qid(attributes.qid)
    writer.u32(attributes.mode)
    writer.u32(attributes.uid)
    writer.u32(attributes.gid)
    writer.u64(attributes.links)
    writer.u64(attributes.specialDevice)
    writer.u64(attributes.size)
    writer.u64(attributes.blockSize)
    writer.u64(attributes.blocks)
    writer.time(attributes.access)
    writer.time(attributes.modification)
    writer.time(attributes.change)
    writer.time(attributes.birth)
    writer.u64(attributes.generation)
    writer.u64(attributes.dataVersion)
    return writer.filled()
  }

  /// Writes an `Rstatfs`.
  public func fileSystemStatus(_ status: FileSystemStatus, into buffer: inout MutableSpan<UInt8>) -> Int {
    var writer = begin(Frame.headerSize + FileSystemStatus.size, into: &buffer)
    writer.u32(status.type)
    writer.u32(status.blockSize)
    writer.u64(status.blocks)
    writer.u64(status.freeBlocks)
    writer.u64(status.availableBlocks)
    writer.u64(status.files)
    writer.u64(status.freeFiles)
    writer.u64(status.identifier)
    writer.u32(status.nameLength)
    return writer.filled()
  }

  /// Writes an `Rxattrwalk`: the size of an extended attribute's value, or of the list of names.
  public func size(_ bytes: UInt64, into buffer: inout MutableSpan<UInt8>) -> Int {
    var writer = begin(15, into: &buffer)
    writer.u64(bytes)
    return writer.filled()
  }

  /// Writes an `Rlock`.
  public func lockStatus(_ status: Lock.Status, into buffer: inout MutableSpan<UInt8>) -> Int {
    var writer = begin(8, into: &buffer)
    writer.u8(status.rawValue)
    return writer.filled()
  }

  /// Writes an `Rgetlock`: a lock that conflicts, or one of ``Lock/Kind/unlocked`` when none does.
  ///
  /// - Throws: ``Malformed/length`` when the client's name is longer than the room for it.
  public func lock(_ lock: Lock, into buffer: inout MutableSpan<UInt8>) throws(Malformed) -> Int {
    // Linux hangs up on a longer reply, and the name is another client's choice.
    let size = Frame.headerSize + Lock.fixedSize + lock.client.count
    guard size <= Int(MessageSize.smallest) else { throw .length }
    var writer = begin(size, into: &buffer)
    writer.u8(lock.kind.rawValue)
    writer.lock(lock)
    return try writer.finish()
  }

  /// Writes an `Rversion`.
  public func version(_ version: Version, messageSize: UInt32, into buffer: inout MutableSpan<UInt8>) -> Int {
    let text = version.text
    let bytes = text.utf8.span
    var writer = begin(13 + bytes.count, into: &buffer)
    writer.u32(messageSize)
    writer.string(bytes)
    return writer.filled()
  }
}
