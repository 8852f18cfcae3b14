public import ProxyProtocol

/// What goes over a socket of packets in one call.
public enum MonitorPacket {
  /// The most bytes of one: more than a request or reply with the longest value, and some short ones.
  public static let largest = 2 * largestValue
  /// The most bytes of an extended attribute's value, or of all names: Linux's `XATTR_SIZE_MAX`.
  public static let largestValue = 65_536
}

/// The answer to one ``MonitorRequest``.
public enum MonitorReply: ~Escapable {
  /// It was done.
  case done
  /// It failed, with an errno.
  case failed(Int32)
  /// What was made.
  case status(FileStatus)
  /// A descriptor goes with it.
  case descriptor
  /// An extended attribute's value, or the names of all.
  case value(Span<UInt8>)

  /// Bytes of one without a value, the header among them, at most.
  public static let largestFixed = Frame.headerSize + FileStatus.size

  /// Takes the first reply off `bytes`.
  ///
  /// - Returns: its bytes.
  /// - Throws: ``Malformed`` where there isn't a whole one.
  public static func size(atFrontOf bytes: Span<UInt8>) throws(Malformed) -> Int {
    let header = try FrameHeader(bytes)
    guard Int(header.size) <= bytes.count - Frame.headerSize else { throw .truncated }
    return Frame.headerSize + Int(header.size)
  }

  /// Decodes the reply that these bytes are, to the last.
  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>) throws(Malformed) {
    let header = try FrameHeader(bytes)
    let payload = bytes.extracting(droppingFirst: Frame.headerSize)
    guard Int(header.size) == payload.count, let kind = Kind(rawValue: header.type) else { throw .length }
    var reader = Reader(payload)
    switch kind {
    case .done: self = .done
    case .descriptor: self = .descriptor
    case .failed: self = .failed(try reader.i32())
    case .status:
      self = .status(try FileStatus(payload))
      return
    case .value: self = .value(reader.remainder())
    }
    try reader.end()
  }

  /// Puts the reply at the front of `buffer`.
  ///
  /// - Returns: its bytes.
  /// - Throws: ``Malformed/length`` where there isn't room for it.
  public func encode(into buffer: inout MutableSpan<UInt8>) throws(Malformed) -> Int {
    switch self {
    case .done: return try Self.putHeader(.done, 0, into: &buffer)
    case .descriptor: return try Self.putHeader(.descriptor, 0, into: &buffer)
    case .failed(let error):
      var end = try Self.putHeader(.failed, 4, into: &buffer)
      try buffer.append(UInt32(bitPattern: error), &end)
      return end
    case .status(let status):
      guard buffer.count >= Self.largestFixed else { throw .length }
      let end = Reply.fileStatus(status, into: &buffer)
      _ = try Self.putHeader(.status, FileStatus.size, into: &buffer)
      return end
    case .value(let value):
      var end = try Self.putHeader(.value, value.count, into: &buffer)
      try buffer.append(bytes: value, &end)
      return end
    }
  }

  /// A value of `count` bytes that stand behind the header already.
  public static func putValue(count: Int, into buffer: inout MutableSpan<UInt8>) throws(Malformed) -> Int {
    try putHeader(.value, count, into: &buffer) + count
  }

  private static func putHeader(
    _ kind: Kind, _ size: Int, into buffer: inout MutableSpan<UInt8>
  ) throws(Malformed) -> Int {
    var end = 0
    try buffer.append(kind.rawValue, &end)
    try buffer.append(UInt32(truncatingIfNeeded: size), &end)
    return end
  }

  private enum Kind: UInt32 {
    case done = 0
    case failed, status, descriptor, value
  }
}
