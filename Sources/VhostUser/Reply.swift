package import Wire

/// The reply to a message.
package enum Reply: Sendable {
  /// A number, or of messages without a reply of their own: 0 for success.
  case number(UInt64)
  /// A ring and its next index.
  case vringState(index: UInt32, number: UInt32)
  /// A part of the configuration space; empty for a part that there isn't.
  case configuration(offset: UInt32, flags: UInt32, [UInt8])

  /// Bytes of the longest.
  package static let largest = MessageHeader.size + MessageHeader.largestPayload

  /// Writes the reply to a message with this number at the front of a buffer.
  ///
  /// - Returns: its bytes.
  /// - Throws: ``Wire/Malformed/length`` when it doesn't fit.
  package func encode(to request: UInt32, into buffer: inout MutableSpan<UInt8>) throws(Malformed) -> Int {
    var writer = Writer(&buffer, order: .native)
    writer.u32(request)
    writer.u32(MessageHeader.ofReply)
    switch self {
    case .number(let number):
      writer.u32(8)
      writer.u64(number)
    case .vringState(let index, let number):
      writer.u32(8)
      writer.u32(index)
      writer.u32(number)
    case .configuration(let offset, let flags, let bytes):
      guard !bytes.isEmpty else {
        writer.u32(0)
        break
      }
      writer.u32(UInt32(clamping: 12 + bytes.count))
      writer.u32(offset)
      writer.u32(UInt32(clamping: bytes.count))
      writer.u32(flags)
      writer.bytes(bytes.span)
    }
    return try writer.finish()
  }
}
