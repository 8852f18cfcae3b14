import Testing
import Wire

@Suite struct WriterTests {
  /// One field of each kind, as it must stand in a message.
  private static let message: [UInt8] =
    [0xfe] + [0xfe, 0x80] + [1, 2, 3, 0x84] + [0xfe, 0xff, 0xff, 0xff] + [1, 2, 3, 4, 5, 6, 7, 0x88]
    + [0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff] + [5, 6, 7] + [2, 0, 8, 9] + [2, 0, 0, 0, 8, 9] + [1, 0, 0x61]

  private func write(_ writer: inout Writer) throws {
    let (three, two, name): ([UInt8], [UInt8], [UInt8]) = ([5, 6, 7], [8, 9], [0x61])
    writer.u8(0xfe)
    writer.u16(0x80fe)
    writer.u32(0x8403_0201)
    writer.i32(-2)
    writer.u64(0x8807_0605_0403_0201)
    writer.i64(-3)
    writer.bytes(three.span)
    writer.string(two.span)
    writer.data(two.span)
    writer.name(try Name(name.span))
  }

  @Test func writesFieldsInOrder() throws {
    var buffer = [UInt8](repeating: 0xaa, count: Self.message.count + 5)
    var room = buffer.mutableSpan
    var writer = Writer(&room, order: .little, at: 3)
    try write(&writer)
    #expect(try writer.finish() == 3 + Self.message.count)
    #expect(writer.filled() == 3 + Self.message.count)
    #expect(buffer == [0xaa, 0xaa, 0xaa] + Self.message + [0xaa, 0xaa])
  }

  @Test(arguments: 0..<message.count)
  func everyLackOfRoomIsReported(room count: Int) throws {
    var buffer = [UInt8](repeating: 0xaa, count: count)
    var room = buffer.mutableSpan
    var writer = Writer(&room, order: .little)
    try write(&writer)
    // What is to be written can be measured nevertheless.
    #expect(try writer.measure() == Self.message.count)
    #expect(throws: Malformed.length) {
      var span = buffer.mutableSpan
      var writer = Writer(&span, order: .little)
      try write(&writer)
      _ = try writer.finish()
    }
  }

  @Test func aStartBeyondTheBufferIsReported() {
    var buffer = [UInt8](repeating: 0xaa, count: 2)
    #expect(throws: Malformed.length) {
      var room = buffer.mutableSpan
      var writer = Writer(&room, order: .little, at: 3)
      writer.bytes(Span())
      _ = try writer.finish()
    }
  }

  @Test func aFieldThatItsLengthCannotSayIsReported() {
    let long = [UInt8](repeating: 1, count: 65536)
    var buffer = [UInt8](repeating: 0xaa, count: 70000)
    #expect(throws: Malformed.length) {
      var room = buffer.mutableSpan
      var writer = Writer(&room, order: .little)
      writer.string(long.span)
      _ = try writer.finish()
    }
    #expect(throws: Malformed.length) {
      var room = buffer.mutableSpan
      var writer = Writer(&room, order: .little)
      writer.string(long.span)
      _ = try writer.measure()
    }
  }

  @Test func nativeIsTheHostsOrder() throws {
    var buffer = [UInt8](repeating: 0, count: 14)
    var room = buffer.mutableSpan
    var writer = Writer(&room, order: .native)
    writer.u64(0x0102_0304_0506_0708)
    writer.u32(0x090a_0b0c)
    writer.u16(0x0d0e)
    _ = try writer.finish()
    var expected: [UInt8] = []
    withUnsafeBytes(of: UInt64(0x0102_0304_0506_0708)) { expected += $0 }
    withUnsafeBytes(of: UInt32(0x090a_0b0c)) { expected += $0 }
    withUnsafeBytes(of: UInt16(0x0d0e)) { expected += $0 }
    #expect(buffer == expected)
  }
}
