public import Wire

/// The header of a request or a reply: `type[4] size[4]`.
public struct MonitorHeader: Equatable, Sendable {
  /// Bytes on the wire.
  public static let size = 8

  /// The type of the request, or the kind of the reply.
  public var type: UInt32
  /// The bytes that follow.
  public var size: UInt32

  /// Creates a header of these two fields.
  public init(type: UInt32, size: UInt32) {
    self.type = type
    self.size = size
  }

  /// Decodes a header from the first eight bytes.
  ///
  /// - Throws: ``Malformed/truncated`` when there are fewer.
  public init(_ bytes: Span<UInt8>) throws(Malformed) {
    var reader = Reader(bytes)
    type = try reader.u32()
    size = try reader.u32()
  }

  /// Writes a header whose size is that of the bytes from its end to `end`.
  static func put(_ type: UInt32, end: Int, into buffer: inout MutableSpan<UInt8>) throws(Malformed) {
    var writer = Writer(&buffer)
    writer.u32(type)
    writer.u32(UInt32(truncatingIfNeeded: end - size))
    _ = try writer.finish()
  }
}
