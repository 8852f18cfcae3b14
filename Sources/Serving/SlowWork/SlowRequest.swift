internal import Export
package import Linux
internal import SystemPackage

/// A request about a file's contents that may wait for a disk, with all that it takes to answer it: it doesn't depend on
/// what the client's number for the file stands for meanwhile.
package struct SlowRequest: ~Copyable, Sendable {
  /// The client's number of the request.
  package let tag: RequestTag
  /// The open file, by a descriptor of its own.
  let file: Descriptor
  private let extra: ExtraDescriptor
  let work: Work
  /// The bytes to be written.
  let data: ChargedBuffer?
  /// The request's number among all of the connection.
  var number: UInt64 = 0
  /// The size in bytes of the buffer for the reply.
  var replySize = 0
  /// The charge for that buffer, if another request is being done.
  var room: MemoryCharge? = nil

  /// An operation on the file.
  package enum Work {
    case read(offset: UInt64, count: Int)
    case write(offset: UInt64, count: Int, isRoot: Bool)
    case fsync(dataOnly: Bool)
  }

  /// Creates a request.
  ///
  /// - Parameters:
  ///   - work: the operation.
  ///   - file: the open file.
  ///   - extra: the descriptor's share of the budget.
  ///   - data: the bytes to be written.
  ///   - tag: the client's number of the request.
  package init(
    _ work: Work, of file: consuming Descriptor, counted extra: consuming ExtraDescriptor,
    data: consuming ChargedBuffer? = nil, tag: RequestTag
  ) {
    self.tag = tag
    self.file = file
    self.extra = extra
    self.work = work
    self.data = data
  }

  /// The number of bytes to be read.
  var readSize: Int {
    if case .read(_, let count) = work { return count }
    return 0
  }

  /// The number of bytes to be written.
  var dataSize: Int {
    if case .write(_, let count, _) = work { return count }
    return 0
  }

  /// The request writes to the file.
  var changesFile: Bool {
    if case .write = work { return true }
    return false
  }

  /// Does the operation, and writes the reply to the start of a buffer.
  ///
  /// - Returns: the size of the reply.
  borrowing func answer<Replies: ReplyEncoding>(
    by contents: some FileContents, as replies: Replies.Type, into buffer: inout Buffer
  ) -> Int {
    do throws(Errno) {
      switch work {
      case .read(let offset, let count):
        var space = buffer.mutableSpan(Replies.dataOffset..<Replies.dataOffset + count)
        let read = try contents.read(file, at: offset, into: &space)
        var reply = buffer.mutableSpan(0..<buffer.capacity)
        return Replies.read(count: read, to: tag, into: &reply)
      case .write(let offset, let count, let isRoot):
        let written: Int
        switch data {
        case .some(let data): written = try contents.write(data.span(0..<count), to: file, at: offset, isRoot: isRoot)
        case nil: throw .invalidArgument
        }
        var reply = buffer.mutableSpan(0..<buffer.capacity)
        return Replies.written(count: written, to: tag, into: &reply)
      case .fsync(let dataOnly):
        try contents.synchronize(file, dataOnly: dataOnly)
        var reply = buffer.mutableSpan(0..<buffer.capacity)
        return Replies.synced(to: tag, into: &reply)
      }
    } catch {
      var reply = buffer.mutableSpan(0..<buffer.capacity)
      return Replies.failed(error, to: tag, into: &reply)
    }
  }
}
