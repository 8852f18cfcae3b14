/// Bytes put together by hand, as the protocol's notes describe them, with nothing of the code under test.
public struct Payload {
  public var bytes: [UInt8] = []

  public init() {}

  public func w(_ value: Int64) -> Payload { integer(UInt64(bitPattern: value), bytes: 2) }
  public func d(_ value: Int64) -> Payload { integer(UInt64(bitPattern: value), bytes: 4) }
  public func q(_ value: Int64) -> Payload { integer(UInt64(bitPattern: value), bytes: 8) }
  public func s(_ text: String) -> Payload { s(Array(text.utf8)) }

  public func s(_ field: [UInt8]) -> Payload {
    var result = integer(UInt64(field.count), bytes: 2)
    result.bytes += field
    return result
  }

  private func integer(_ value: UInt64, bytes count: Int) -> Payload {
    var result = self
    for index in 0..<count { result.bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    return result
  }
}

/// Copies a span.
public func bytes(_ span: Span<UInt8>) -> [UInt8] {
  span.indices.map { span[$0] }
}
