/// The frame of the proxy protocol: an eight-byte header, then a payload.
public enum Frame {
  /// Bytes of a header: `d type`, `d size`.
  public static let headerSize = 8
  /// The most a payload may hold, in bytes. A header that claims more can't be answered: the stream is lost.
  public static let maximumPayload = 65536
  /// The most a whole frame may hold, in bytes.
  public static let maximumSize = headerSize + maximumPayload
  /// What stands in place of an errno in the reply that carries a descriptor.
  public static let descriptorFollows: Int32 = 0x7fff_ffff
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
  public init(_ bytes: Span<UInt8>) throws(Malformed) {
    var reader = Reader(bytes)
    type = try reader.u32()
    size = try reader.u32()
  }
}

/// What a reply's header says of its payload.
public enum ReplyType: UInt32, Sendable {
  /// The payload is the answer.
  case success = 0
  /// The payload is a negative errno.
  case error = 1
}

/// What is wrong with a payload.
public enum Malformed: Error, Equatable {
  /// A field reaches beyond the payload's end.
  case truncated
  /// Bytes follow the last field.
  case trailing
  /// A path or name holds a NUL before its last byte.
  case embeddedNUL
  /// A length is negative, or larger than what it measures.
  case length
  /// What should name an entry of a directory can't.
  case name
}
