public import Wire

/// The places, among a packet's descriptors, of the objects that a request is about: `first[2] second[2]`.
public struct ObjectPlaces: Equatable, Sendable {
  /// Bytes on the wire.
  public static let size = 4

  /// The place of the object.
  public let first: Int
  /// The place of the second object. It means nothing to a request about one.
  public let second: Int

  /// Creates places of these two numbers, less than 65536.
  public init(first: Int, second: Int = 0) {
    self.first = first
    self.second = second
  }

  /// Decodes places from the front of a payload.
  ///
  /// - Throws: ``Malformed/truncated``.
  public init(_ payload: Span<UInt8>) throws(Malformed) {
    var reader = Reader(payload)
    first = Int(try reader.u16())
    second = Int(try reader.u16())
  }

  func write(into writer: inout Writer) {
    writer.u16(UInt16(truncatingIfNeeded: first))
    writer.u16(UInt16(truncatingIfNeeded: second))
  }
}
