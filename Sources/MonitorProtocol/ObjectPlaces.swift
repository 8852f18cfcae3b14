package import Wire

/// The places, among a packet's descriptors, of the objects that a request is about: `first[2] second[2]`.
package struct ObjectPlaces: Equatable, Sendable {
  /// Bytes on the wire.
  package static let size = 4

  /// The place of the object.
  package let first: Int
  /// The place of the second object. It means nothing to a request about one.
  package let second: Int

  /// Creates places of these two numbers, less than 65536.
  package init(first: Int, second: Int = 0) {
    self.first = first
    self.second = second
  }

  /// Decodes places from the front of a payload.
  ///
  /// - Throws: ``Malformed/truncated``.
  package init(_ payload: Span<UInt8>) throws(Malformed) {
    var reader = Reader(payload)
    first = Int(try reader.u16())
    second = Int(try reader.u16())
  }

  func write(into writer: inout Writer) {
    writer.u16(UInt16(truncatingIfNeeded: first))
    writer.u16(UInt16(truncatingIfNeeded: second))
  }
}
