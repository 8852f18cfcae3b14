import NinePProtocol
import Serving
import SystemPackage

/// The replies to requests that other threads than the connection's own answer: `Rread`, `Rwrite`, `Rfsync`, `Rlock`,
/// `Rflush` and `Rlerror`.
enum NinePReplies: ReplyEncoding {
  static var smallestBuffer: Int { ReplyWriter.smallestBuffer }
  static var flushedSize: Int { Frame.headerSize }
  static var dataOffset: Int { Frame.dataOffset }

  static func read(count: Int, to tag: RequestTag, into buffer: inout MutableSpan<UInt8>) -> Int {
    writer(.read, to: tag).data(count: count, into: &buffer)
  }

  static func written(count: Int, to tag: RequestTag, into buffer: inout MutableSpan<UInt8>) -> Int {
    writer(.write, to: tag).count(UInt32(clamping: count), into: &buffer)
  }

  static func synced(to tag: RequestTag, into buffer: inout MutableSpan<UInt8>) -> Int {
    writer(.fsync, to: tag).empty(into: &buffer)
  }

  static func flushed(to tag: RequestTag, into buffer: inout MutableSpan<UInt8>) -> Int {
    writer(.flush, to: tag).empty(into: &buffer)
  }

  static func locked(_ result: LockResult, to tag: RequestTag, into buffer: inout MutableSpan<UInt8>) -> Int {
    let writer = writer(.lock, to: tag)
    return switch result {
    case .granted: writer.lockStatus(.success, into: &buffer)
    case .blocked: writer.lockStatus(.blocked, into: &buffer)
    case .deadlock: writer.error(ErrorNumber(.deadlock), into: &buffer)
    case .refused: writer.error(.tooManyLocks, into: &buffer)
    }
  }

  static func failed(_ error: Errno, to tag: RequestTag, into buffer: inout MutableSpan<UInt8>) -> Int {
    // The type isn't part of the reply.
    writer(.flush, to: tag).error(ErrorNumber(error), into: &buffer)
  }

  private static func writer(_ type: RequestType, to tag: RequestTag) -> ReplyWriter {
    ReplyWriter(
      to: FrameHeader(size: 0, type: type.rawValue, tag: Tag(rawValue: UInt16(truncatingIfNeeded: tag.number))))
  }
}

extension ErrorNumber {
  /// The number of an error on the wire, which has Linux's numbers of x86: those of most machines.
  init(_ error: Errno) { self.init(rawValue: UInt32(bitPattern: error.rawValue)) }
}

extension Tag {
  /// The tag as other threads know it.
  var request: RequestTag { RequestTag(number: UInt64(rawValue)) }
}
