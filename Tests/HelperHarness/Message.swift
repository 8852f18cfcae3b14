package import ProxyProtocol

/// A request as its fields stand on the wire, whether that makes sense or not.
///
/// It is encoded by hand rather than by the codec, whose encoder refuses to say what shouldn't be said.
package struct Message: Sendable {
  /// The wire's three kinds of fields.
  package enum Field: Sendable {
    case d(UInt32)
    case q(UInt64)
    case s([UInt8])
    /// Bytes behind a length that isn't theirs.
    case lie(UInt16, [UInt8])

    /// A path or name of this text.
    package static func s(_ text: String) -> Field { .s(Array(text.utf8)) }
  }

  package var type: RequestType
  package var fields: [Field]
  /// How much of the payload is sent; all of it where nil.
  package var cut: Int?
  /// What follows the last field.
  package var surplus: [UInt8] = []

  package init(_ type: RequestType, _ fields: Field...) {
    self.type = type
    self.fields = fields
  }

  package var payload: [UInt8] {
    var bytes: [UInt8] = []
    for field in fields {
      switch field {
      case .d(let value): bytes.append(field: value)
      case .q(let value): bytes.append(field: value)
      case .s(let value):
        bytes.append(field: UInt16(value.count))
        bytes += value
      case .lie(let length, let value):
        bytes.append(field: length)
        bytes += value
      }
    }
    bytes += surplus
    return cut.map { Array(bytes.prefix($0)) } ?? bytes
  }

  package var frame: [UInt8] {
    let payload = payload
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Frame.headerSize + payload.count)
    bytes.append(field: type.rawValue)
    bytes.append(field: UInt32(payload.count))
    return bytes + payload
  }

  /// The same with another field.
  package func replacing(_ index: Int, by field: Field) -> Message {
    var copy = self
    copy.fields[index] = field
    return copy
  }

  package func cut(to count: Int) -> Message {
    var copy = self
    copy.cut = count
    return copy
  }

  package func followed(by bytes: [UInt8]) -> Message {
    var copy = self
    copy.surplus = bytes
    return copy
  }
}

extension [UInt8] {
  /// In host byte order.
  package mutating func append<Integer: FixedWidthInteger>(field value: Integer) {
    Swift.withUnsafeBytes(of: value) { append(contentsOf: $0) }
  }

  package func integer<Integer: FixedWidthInteger>(at offset: Int, as type: Integer.Type = Integer.self) -> Integer {
    withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
  }

  /// As a person reads it; long runs are shortened.
  package var readable: String {
    var text = "\""
    var index = 0
    while index < count {
      var end = index + 1
      while end < count, self[end] == self[index] { end += 1 }
      let byte = self[index]
      let shown = (0x20..<0x7f).contains(byte) ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16)
      text += end - index > 12 ? "{\(shown)*\(end - index)}" : String(repeating: shown, count: end - index)
      index = end
      if text.utf8.count > 300 { return text + "\"… (\(count) bytes)" }
    }
    return text + "\""
  }
}

extension Message: CustomStringConvertible {
  package var description: String {
    let fields = fields.map { field in
      switch field {
      case .d(let value): "d:\(Int32(bitPattern: value)) (0\(String(value, radix: 8)))"
      case .q(let value): "q:\(Int64(bitPattern: value))"
      case .s(let value): value.readable
      case .lie(let length, let value): "\(length) bytes: \(value.readable)"
      }
    }
    return "\(type)(\(fields.joined(separator: ", ")))" + (cut.map { " cut to \($0) bytes" } ?? "")
      + (surplus.isEmpty ? "" : " and \(surplus.count) bytes more")
  }
}
