/// The bytes that a text of hexadecimal digits says; spaces set fields apart.
func hex(_ text: String) -> [UInt8] {
  let digits = text.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
}

func bytes(_ span: Span<UInt8>) -> [UInt8] {
  span.indices.map { span[$0] }
}

func text(_ span: Span<UInt8>) -> String {
  String(decoding: bytes(span), as: UTF8.self)
}

/// A body put together field by field, with nothing of the code under test.
struct Body {
  var bytes: [UInt8] = []

  func u8(_ value: UInt8) -> Body { integer(UInt64(value), bytes: 1) }
  func u16(_ value: UInt16) -> Body { integer(UInt64(value), bytes: 2) }
  func u32(_ value: UInt32) -> Body { integer(UInt64(value), bytes: 4) }
  func u64(_ value: UInt64) -> Body { integer(value, bytes: 8) }
  func s(_ text: String) -> Body { s(Array(text.utf8)) }
  func s(_ field: [UInt8]) -> Body { u16(UInt16(field.count)).raw(field) }

  func raw(_ field: [UInt8]) -> Body {
    var result = self
    result.bytes += field
    return result
  }

  private func integer(_ value: UInt64, bytes count: Int) -> Body {
    raw((0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
  }
}
