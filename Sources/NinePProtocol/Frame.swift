public import Wire

/// A message's frame: `size[4] type[1] tag[2]`, then a body. Integers are little-endian, whatever the host. See intro(5).
public enum Frame {
  /// Bytes of a header.
  @inlinable public static var headerSize: Int { 7 }
  /// The offset of the data of an `Rread` or `Rreaddir`, after `count[4]`.
  @inlinable public static var dataOffset: Int { headerSize + 4 }
  /// The offset of the target of an `Rreadlink`, after its 16-bit length.
  @inlinable public static var targetOffset: Int { headerSize + 2 }
  /// The offset of the qids of an `Rwalk`, after their 16-bit count.
  @inlinable public static var qidsOffset: Int { headerSize + 2 }
}

/// A frame's header.
public struct FrameHeader: Equatable, Sendable {
  /// Bytes of the whole frame, the header and this field among them.
  public var size: UInt32
  /// The message's number: even for a request, odd for a reply.
  public var type: UInt8
  /// The tag that the reply repeats.
  public var tag: Tag

  /// A header of these three fields.
  public init(size: UInt32, type: UInt8, tag: Tag) {
    self.size = size
    self.type = type
    self.tag = tag
  }

  /// Reads a header from the first seven bytes.
  ///
  /// - Throws: ``Malformed/truncated`` where there are fewer.
  public init(_ bytes: Span<UInt8>) throws(Malformed) {
    var reader = Reader(bytes)
    size = try reader.u32()
    type = try reader.u8()
    tag = try reader.tag()
  }

  /// The request that the type stands for. Where there is none the answer is ``ErrorNumber/notSupported``: a message of
  /// plain 9P2000 or 9P2000.u (`Topen`, `Tcreate`, `Tstat`, `Twstat`), of another dialect, of none, or a reply. The
  /// frame says how much to skip.
  public var request: RequestType? { RequestType(rawValue: type) }

  /// Bytes of the whole frame, where it is large enough for a header and not larger than `limit`. Where it isn't, the
  /// stream is lost: nothing says where the next frame would start.
  public func frameSize(limit: UInt32) -> Int? {
    guard size >= UInt32(Frame.headerSize), size <= limit else { return nil }
    return Int(clamping: size)
  }
}

/// The number by which a client recognizes the reply to a request.
public struct Tag: RawRepresentable, Hashable, Sendable {
  /// The number on the wire.
  public let rawValue: UInt16

  /// A tag of this number.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// `NOTAG`, which only `Tversion` and `Rversion` carry.
  public static let none = Tag(rawValue: 0xffff)
}
