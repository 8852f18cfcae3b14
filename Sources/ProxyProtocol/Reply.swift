import Wire

/// Replies, written into a buffer of at least ``Frame/maximumSize`` bytes; each function returns the bytes to send.
public enum Reply {
  /// The offset of a value in its reply: after the header and a 16-bit length.
  public static let valueOffset = Frame.headerSize + 2
  /// The longest value that a reply can carry, in bytes; a longer one is answered with `ENOBUFS`.
  public static let maximumValue = Frame.maximumPayload - 2
  /// Bytes of a ``descriptor(_:into:)`` reply.
  public static let descriptorSize = 4

  /// Writes a status: 0, a negative errno (also the failure of a request that has a response), or the length that was
  /// asked for.
  public static func status(_ status: Int32, into buffer: inout MutableSpan<UInt8>) -> Int {
    let type: ReplyType = status < 0 ? .error : .success
    var writer = begin(type, size: 4, into: &buffer)
    writer.i32(status)
    return writer.filled()
  }

  /// Writes the word that a descriptor travels with, or a negative errno in its place.
  public static func descriptor(_ word: Int32, into buffer: inout MutableSpan<UInt8>) -> Int {
    var writer = Writer(&buffer)
    writer.i32(word)
    return writer.filled()
  }

  /// Completes a value of `count` bytes, at most ``maximumValue``, that stand at ``valueOffset``.
  public static func value(count: Int, into buffer: inout MutableSpan<UInt8>) -> Int {
    var writer = begin(.success, size: 2 + count, into: &buffer)
    writer.u16(UInt16(truncatingIfNeeded: count))
    return writer.filled() + count
  }

  /// Writes the answer to `T_GETVERSION`: an inode's generation.
  public static func version(_ generation: UInt64, into buffer: inout MutableSpan<UInt8>) -> Int {
    var writer = begin(.success, size: 8, into: &buffer)
    writer.u64(generation)
    return writer.filled()
  }

  /// Writes the answer to `T_LSTAT`.
  public static func fileStatus(_ status: FileStatus, into buffer: inout MutableSpan<UInt8>) -> Int {
    var writer = begin(.success, size: FileStatus.size, into: &buffer)
    writer.u64(status.device)
    writer.u64(status.inode)
    writer.u64(status.links)
    writer.u32(status.mode)
    writer.u32(status.uid)
    writer.u32(status.gid)
    writer.u64(status.specialDevice)
    writer.u64(status.size)
    writer.u64(status.blockSize)
    writer.u64(status.blocks)
    writer.time(status.access)
    writer.time(status.modification)
    writer.time(status.change)
    return writer.filled()
  }

  /// Writes the answer to `T_STATFS`.
  public static func fileSystemStatus(_ status: FileSystemStatus, into buffer: inout MutableSpan<UInt8>) -> Int {
    var writer = begin(.success, size: FileSystemStatus.size, into: &buffer)
    writer.u64(status.type)
    writer.u64(status.blockSize)
    writer.u64(status.blocks)
    writer.u64(status.freeBlocks)
    writer.u64(status.availableBlocks)
    writer.u64(status.files)
    writer.u64(status.freeFiles)
    writer.u64(status.identifier.0)
    writer.u64(status.identifier.1)
    writer.u64(status.nameLength)
    writer.u64(status.fragmentSize)
    return writer.filled()
  }

  /// Begins a reply whose payload is `size` bytes with its header.
  @inline(__always)
  @_lifetime(&buffer)
  private static func begin(_ type: ReplyType, size: Int, into buffer: inout MutableSpan<UInt8>) -> Writer {
    var writer = Writer(&buffer)
    writer.header(FrameHeader(type: type.rawValue, size: UInt32(truncatingIfNeeded: size)))
    return writer
  }
}
