import Testing
import Wire

@Suite struct NameTests {
  static let names: [[UInt8]] =
    ["a", "...", "..a", ".a", "a.", " ", "~", "\\", "\n", ".virtfs_metadata"].map { Array($0.utf8) } + [
      [0xff, 0xfe], [UInt8](repeating: 0xff, count: 255),
    ]

  @Test(arguments: names)
  func anyOtherBytesAreAName(_ bytes: [UInt8]) throws {
    let name = try Name(bytes.span)
    #expect(array(name.bytes) == bytes)
    let message = [UInt8(bytes.count), 0] + bytes + [7]
    var reader = Reader(message.span, order: .little)
    let read = try reader.name()
    #expect(array(read.bytes) == bytes)
    #expect(array(reader.rest) == [7])
  }

  @Test func anyOtherByteIsAName() throws {
    for byte in UInt8.min...UInt8.max {
      let bytes = [byte]
      let fault: Name.Fault? =
        switch byte {
        case 0: .nul
        case UInt8(ascii: "/"): .slash
        case UInt8(ascii: "."): .dot
        default: nil
        }
      #expect(Name.fault(in: bytes.span) == fault)
    }
  }

  static let faults: [(bytes: [UInt8], fault: Name.Fault)] = [
    ([], .empty), (Array(".".utf8), .dot), (Array("..".utf8), .dotDot), (Array("/".utf8), .slash),
    (Array("/a".utf8), .slash), (Array("a/".utf8), .slash), (Array("../a".utf8), .slash), ([0], .nul),
    (Array("a\0".utf8), .nul), (Array(".\0".utf8), .nul), (Array("a\0/".utf8), .nul), (Array("/\0".utf8), .slash),
    ([UInt8](repeating: 0x61, count: 256), .tooLong), ([UInt8](repeating: 0, count: 65535), .tooLong),
  ]

  @Test(arguments: faults)
  func theFirstFaultIsTheReason(bytes: [UInt8], fault: Name.Fault) {
    #expect(throws: fault) { _ = try Name(bytes.span) }
    let message = [UInt8(bytes.count & 0xff), UInt8(bytes.count / 256)] + bytes
    #expect(throws: Malformed.name(fault)) {
      var reader = Reader(message.span, order: .little)
      _ = try reader.name()
    }
  }
}

func array(_ span: Span<UInt8>) -> [UInt8] {
  span.indices.map { span[$0] }
}
