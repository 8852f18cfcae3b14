public import Wire

/// The message by which the monitor introduces a client to the worker: `isTrusted[1] uid[4] gid[4] number[8]`, and the
/// peer's name for the log to the message's end. The client's socket and a monitor's go with it as descriptors.
public struct ClientIntroduction: ~Escapable {
  /// Bytes of a message without the peer's name.
  public static let fixedSize = 17
  /// The most bytes of a peer's name. An IPv6 address in brackets with a port has fewer.
  public static let largestPeer = 80
  /// The most bytes of a message.
  public static let largest = fixedSize + largestPeer

  /// The client's claims about its users are trusted; then ``uid`` and ``gid`` are 0.
  public let isTrusted: Bool
  /// The user that the client acts as.
  public let uid: UInt32
  /// The group that the client acts as.
  public let gid: UInt32
  /// The client's number.
  public let number: UInt64
  /// The peer's name.
  public let peer: Span<UInt8>

  /// Creates an introduction of these fields.
  @_lifetime(copy peer)
  public init(isTrusted: Bool, uid: UInt32, gid: UInt32, number: UInt64, peer: Span<UInt8>) {
    self.isTrusted = isTrusted
    self.uid = uid
    self.gid = gid
    self.number = number
    self.peer = peer
  }

  /// Decodes a message.
  ///
  /// - Throws: ``Malformed``, whatever the bytes are.
  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>) throws(Malformed) {
    var reader = Reader(bytes)
    isTrusted = try reader.u8() != 0
    uid = try reader.u32()
    gid = try reader.u32()
    number = try reader.u64()
    peer = reader.remainder()
  }

  /// Encodes the message at the front of `buffer`, and returns its size.
  ///
  /// - Throws: ``Malformed/length`` when the buffer is too small.
  public func encode(into buffer: inout MutableSpan<UInt8>) throws(Malformed) -> Int {
    var writer = Writer(&buffer)
    writer.u8(isTrusted ? 1 : 0)
    writer.u32(uid)
    writer.u32(gid)
    writer.u64(number)
    writer.bytes(peer)
    return try writer.finish()
  }
}
