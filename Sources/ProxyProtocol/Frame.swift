public import Wire

/// The frame of the proxy protocol: an eight-byte header, then a payload.
public enum Frame {
  /// Bytes of a header: `d type`, `d size`.
  @inlinable public static var headerSize: Int { 8 }
  /// The most a payload may hold, in bytes. A header that claims more can't be answered: the stream is lost.
  @inlinable public static var maximumPayload: Int { 65536 }
  /// The most a whole frame may hold, in bytes.
  @inlinable public static var maximumSize: Int { headerSize + maximumPayload }
  /// The word in place of an errno, in the reply that carries a descriptor.
  @inlinable public static var descriptorFollows: Int32 { 0x7fff_ffff }
}

/// A frame's header, host byte order.
public struct FrameHeader: Equatable, Sendable {
  /// A request's type, or in a reply ``ReplyType``.
  public var type: UInt32
  /// Bytes of payload that follow.
  public var size: UInt32

  /// A header of these two fields.
  public init(type: UInt32, size: UInt32) {
    self.type = type
    self.size = size
  }

  /// Reads a header from the first eight bytes.
  ///
  /// - Throws: ``Malformed/truncated`` where there are fewer.
  @inlinable
  public init(_ bytes: Span<UInt8>) throws(Malformed) {
    var reader = Reader(bytes, order: .native)
    type = try reader.u32()
    size = try reader.u32()
  }
}

/// The meaning of a reply's payload, as its header says.
public enum ReplyType: UInt32, Sendable {
  /// The payload is the answer.
  case success = 0
  /// The payload is a negative errno.
  case error = 1
}
