import Testing
import Wire

@Suite struct ReaderTests {
  /// A field of each kind, and what it is read as.
  struct Field: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let bytes: [UInt8]
    let reading: String
    let read: @Sendable (Span<UInt8>) throws(Malformed) -> (reading: String, left: Int)

    init(
      _ name: String, _ bytes: [UInt8], _ reading: String,
      _ read: @escaping @Sendable (inout Reader) throws(Malformed) -> String
    ) {
      testDescription = name
      self.bytes = bytes
      self.reading = reading
      self.read = { bytes throws(Malformed) in
        var reader = Reader(bytes, order: .little)
        let reading = try read(&reader)
        return (reading, reader.rest.count)
      }
    }

    static let all: [Field] = [
      Field("u8", [0xfe], "254") { reader throws(Malformed) in "\(try reader.u8())" },
      Field("u16", [0xfe, 0x80], "33022") { reader throws(Malformed) in "\(try reader.u16())" },
      Field("u32", [1, 2, 3, 0x84], "2214789633") { reader throws(Malformed) in "\(try reader.u32())" },
      Field("i32", [0xfe, 0xff, 0xff, 0xff], "-2") { reader throws(Malformed) in "\(try reader.i32())" },
      Field("u64", [1, 2, 3, 4, 5, 6, 7, 0x88], "\(0x8807_0605_0403_0201 as UInt64)") { reader throws(Malformed) in
        "\(try reader.u64())"
      },
      Field("i64", [0xfd] + [UInt8](repeating: 0xff, count: 7), "-3") { reader throws(Malformed) in
        "\(try reader.i64())"
      },
      Field("bytes", [5, 6, 7], "[5, 6, 7]") { reader throws(Malformed) in "\(array(try reader.bytes(count: 3)))" },
      Field("string", [2, 0, 8, 9], "[8, 9]") { reader throws(Malformed) in "\(array(try reader.string()))" },
      Field("data", [2, 0, 0, 0, 8, 9], "[8, 9]") { reader throws(Malformed) in "\(array(try reader.data()))" },
      Field("name", [1, 0, 0x61], "[97]") { reader throws(Malformed) in "\(array(try reader.name().bytes))" },
    ]
  }

  @Test(arguments: Field.all)
  func readsToTheFieldsEnd(_ field: Field) throws {
    let message = field.bytes + [1, 2]
    let (reading, left) = try field.read(message.span)
    #expect(reading == field.reading)
    #expect(left == 2)
  }

  @Test(arguments: Field.all)
  func everyTruncationIsRefused(_ field: Field) {
    for count in 0..<field.bytes.count {
      let cut = Array(field.bytes.prefix(count))
      #expect(throws: Malformed.truncated, "first \(count) bytes") { _ = try field.read(cut.span) }
    }
  }

  @Test(arguments: [UInt32(3), 0x7fff_ffff, 0x8000_0000, .max])
  func aLengthBeyondTheEndIsRefused(length: UInt32) {
    let message = (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + [1, 2]
    #expect(throws: Malformed.truncated) {
      var reader = Reader(message.span, order: .little)
      _ = try reader.data()
    }
  }

  @Test(arguments: [Int.min, -1, 3, .max])
  func aCountOutOfRangeIsRefused(count: Int) {
    let message: [UInt8] = [1, 2]
    #expect(throws: Malformed.truncated) {
      var reader = Reader(message.span, order: .little)
      _ = try reader.bytes(count: count)
    }
  }

  @Test func aTrailingByteIsRefused() throws {
    let message: [UInt8] = [1, 2]
    var reader = Reader(message.span, order: .little)
    _ = try reader.u8()
    #expect(throws: Malformed.trailing) {
      let rest = Reader(message.span, order: .little)
      try rest.end()
    }
    #expect(array(reader.remainder()) == [2])
    try reader.end()
  }

  @Test func nativeIsTheHostsOrder() throws {
    let message = withUnsafeBytes(of: (UInt64(0x0102_0304_0506_0708), UInt32(0x090a_0b0c), UInt16(0x0d0e))) {
      Array($0)
    }
    var reader = Reader(message.span, order: .native)
    #expect(try reader.u64() == 0x0102_0304_0506_0708)
    #expect(try reader.u32() == 0x090a_0b0c)
    #expect(try reader.u16() == 0x0d0e)
  }
}
