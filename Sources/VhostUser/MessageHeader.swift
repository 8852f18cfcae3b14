package import Wire

/// The twelve bytes before each message's payload (vhost-user, "Message Specification").
package struct MessageHeader: Equatable, Sendable {
  /// Bytes on the wire.
  package static let size = 12
  /// The most bytes of a payload that is accepted: that of a configuration space, larger than a memory table's.
  package static let largestPayload = 12 + 256

  /// The request's number; a reply has the same one.
  package var request: UInt32
  /// The version and two flags.
  package var flags: UInt32
  /// Bytes of the payload.
  package var size: UInt32

  /// Assembles a header.
  package init(request: UInt32, flags: UInt32, size: UInt32) {
    self.request = request
    self.flags = flags
    self.size = size
  }

  /// Decodes a header.
  ///
  /// - Throws: ``Wire/Malformed/truncated`` for fewer bytes, ``Wire/Malformed/value`` for another version or a reply,
  ///   ``Wire/Malformed/length`` for a larger payload than ``largestPayload``.
  package init(_ bytes: Span<UInt8>) throws(Malformed) {
    var reader = Reader(bytes, order: .native)
    request = try reader.u32()
    flags = try reader.u32()
    size = try reader.u32()
    guard flags & Self.versionMask == Self.version, flags & Self.reply == 0 else { throw .value }
    guard size <= UInt32(Self.largestPayload) else { throw .length }
  }

  /// Whether the sender waits for an answer to a message that has no reply of its own (`VHOST_USER_NEED_REPLY_MASK`).
  package var needsReply: Bool { flags & Self.needReply != 0 }

  private static let versionMask: UInt32 = 3
  private static let version: UInt32 = 1
  private static let reply: UInt32 = 4
  private static let needReply: UInt32 = 8
  /// The flags of a reply. QEMU accepts no others.
  static let ofReply = version | reply
}
