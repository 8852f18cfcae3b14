public import Wire

/// A reply of the monitor to one ``MonitorRequest``.
public enum MonitorReply: ~Escapable {
  /// The request was done.
  case done
  /// The request failed with an errno.
  case failed(Int32)
  /// The status of the object that was made.
  case status(MonitorStatus)
  /// A descriptor goes with the reply.
  case descriptor
  /// The value of an extended attribute, or the list of names.
  case value(Span<UInt8>)

  /// The kinds of reply, by their number on the wire, and their fields.
  private enum Kind: UInt32 {
    /// No field.
    case done = 0
    /// `errno[4]`.
    case failed
    /// ``MonitorStatus``.
    case status
    /// No field.
    case descriptor
    /// The rest of the reply.
    case value
  }

  /// Decodes the reply that is all of `bytes`, its header included.
  ///
  /// - Throws: ``Malformed``, whatever the bytes are.
  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>) throws(Malformed) {
    let header = try MonitorHeader(bytes)
    let payload = bytes.extracting(droppingFirst: MonitorHeader.size)
    guard Int(header.size) == payload.count, let kind = Kind(rawValue: header.type) else { throw .length }
    var reader = Reader(payload)
    switch kind {
    case .done: self = .done
    case .failed: self = .failed(try reader.i32())
    case .status: self = .status(try reader.status())
    case .descriptor: self = .descriptor
    case .value: self = .value(reader.remainder())
    }
    try reader.end()
  }

  /// Encodes the reply at the front of `buffer`, and returns its size.
  ///
  /// - Throws: ``Malformed/length`` when the buffer is too small.
  public func encode(into buffer: inout MutableSpan<UInt8>) throws(Malformed) -> Int {
    let (kind, end) = try writeFields(into: &buffer)
    try MonitorHeader.put(kind.rawValue, end: end, into: &buffer)
    return end
  }

  private func writeFields(into buffer: inout MutableSpan<UInt8>) throws(Malformed) -> (Kind, end: Int) {
    var writer = Writer(&buffer, at: MonitorHeader.size)
    let kind: Kind
    switch self {
    case .done: kind = .done
    case .failed(let error):
      kind = .failed
      writer.i32(error)
    case .status(let status):
      kind = .status
      writer.status(status)
    case .descriptor: kind = .descriptor
    case .value(let value):
      kind = .value
      writer.bytes(value)
    }
    return (kind, try writer.finish())
  }

  /// Returns the size of the first reply in `bytes`.
  ///
  /// - Throws: ``Malformed/truncated`` when it isn't whole.
  public static func size(atFrontOf bytes: Span<UInt8>) throws(Malformed) -> Int {
    let header = try MonitorHeader(bytes)
    guard Int(header.size) <= bytes.count - MonitorHeader.size else { throw .truncated }
    return MonitorHeader.size + Int(header.size)
  }

  /// Completes a reply with a value of `count` bytes that are in the buffer already, after ``MonitorHeader/size`` bytes.
  ///
  /// - Returns: the reply's size.
  /// - Throws: ``Malformed/length`` when the buffer is too small for the header.
  public static func putValue(count: Int, into buffer: inout MutableSpan<UInt8>) throws(Malformed) -> Int {
    let end = MonitorHeader.size + count
    try MonitorHeader.put(Kind.value.rawValue, end: end, into: &buffer)
    return end
  }
}
