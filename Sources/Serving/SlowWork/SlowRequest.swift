package import Export
package import Linux
package import NinePProtocol
package import SystemPackage

/// A request about a file's contents that may wait for a disk, with all that it takes to answer it: whatever becomes of
/// its fid meanwhile doesn't matter.
package struct SlowRequest: ~Copyable, Sendable {
  package let writer: ReplyWriter
  /// The open file, by a descriptor of its own.
  package let file: Descriptor
  private let extra: ExtraDescriptor
  package let work: Work
  /// What is to be written.
  package let data: ChargedBuffer?
  /// Its place among all of the connection.
  package var number: UInt64 = 0
  /// What its reply's buffer counts for, where another one is being done.
  package var room: MemoryCharge? = nil

  package enum Work {
    case read(offset: UInt64, count: Int)
    case write(offset: UInt64, count: Int, isRoot: Bool)
    case synchronize(dataOnly: Bool)
  }

  package init(
    _ work: Work, of file: consuming Descriptor, counted extra: consuming ExtraDescriptor,
    data: consuming ChargedBuffer? = nil, _ writer: ReplyWriter
  ) {
    self.writer = writer
    self.file = file
    self.extra = extra
    self.work = work
    self.data = data
  }

  /// Bytes that the reply has at most.
  package var replySize: Int {
    if case .read(_, let count) = work { return max(ReplyWriter.smallestBuffer, Frame.dataOffset + count) }
    return ReplyWriter.smallestBuffer
  }

  /// Bytes that are to be written.
  package var dataSize: Int {
    if case .write(_, let count, _) = work { return count }
    return 0
  }

  package var changesFile: Bool {
    if case .write = work { return true }
    return false
  }

  /// Does it, and puts the reply at a buffer's front.
  ///
  /// - Returns: the reply's bytes.
  package borrowing func answer(by contents: some FileContents, into buffer: inout Buffer) -> Int {
    do throws(Errno) {
      switch work {
      case .read(let offset, let count):
        var space = buffer.mutableSpan(Frame.dataOffset..<Frame.dataOffset + count)
        let read = try contents.read(file, at: offset, into: &space)
        var reply = buffer.mutableSpan(0..<buffer.capacity)
        return writer.data(count: read, into: &reply)
      case .write(let offset, let count, let isRoot):
        let written: Int
        switch data {
        case .some(let data): written = try contents.write(data.span(0..<count), to: file, at: offset, isRoot: isRoot)
        case nil: throw .invalidArgument
        }
        var reply = buffer.mutableSpan(0..<buffer.capacity)
        return writer.count(UInt32(clamping: written), into: &reply)
      case .synchronize(let dataOnly):
        try contents.synchronize(file, dataOnly: dataOnly)
        var reply = buffer.mutableSpan(0..<buffer.capacity)
        return writer.empty(into: &reply)
      }
    } catch {
      return fail(error, into: &buffer)
    }
  }

  /// Puts a failure at a buffer's front.
  ///
  /// - Returns: the reply's bytes.
  package borrowing func fail(_ error: Errno, into buffer: inout Buffer) -> Int {
    var reply = buffer.mutableSpan(0..<buffer.capacity)
    return writer.error(ErrorNumber(rawValue: UInt32(bitPattern: error.rawValue)), into: &reply)
  }
}
