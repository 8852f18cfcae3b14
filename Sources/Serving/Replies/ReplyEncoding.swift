package import SystemPackage

/// A front end's encoding of the replies to requests that other threads than the connection's own answer.
///
/// Each function writes a reply to the start of a buffer of at least ``smallestBuffer`` bytes and returns its size.
package protocol ReplyEncoding: SendableMetatype {
  /// A size in bytes that no reply exceeds but that of a read.
  static var smallestBuffer: Int { get }
  /// The size in bytes of a reply to a flush.
  static var flushedSize: Int { get }
  /// The offset of the data in the reply to a read.
  static var dataOffset: Int { get }

  /// Answers a read of `count` bytes, which stand at ``dataOffset`` already.
  static func read(count: Int, to tag: RequestTag, into buffer: inout MutableSpan<UInt8>) -> Int
  /// Answers a write of `count` bytes.
  static func written(count: Int, to tag: RequestTag, into buffer: inout MutableSpan<UInt8>) -> Int
  /// Answers an fsync.
  static func synced(to tag: RequestTag, into buffer: inout MutableSpan<UInt8>) -> Int
  /// Answers a flush, whose request is answered or withdrawn.
  static func flushed(to tag: RequestTag, into buffer: inout MutableSpan<UInt8>) -> Int
  /// Answers a request for a lock.
  static func locked(_ result: LockResult, to tag: RequestTag, into buffer: inout MutableSpan<UInt8>) -> Int
  /// Answers a request that failed.
  static func failed(_ error: Errno, to tag: RequestTag, into buffer: inout MutableSpan<UInt8>) -> Int
}
