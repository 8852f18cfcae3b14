import Linux

/// Quoting for a shell.
enum ShellWord {
  static func quoted(_ text: String) -> String { quoted(text.utf8.span) }

  static func quoted(_ bytes: Span<UInt8>) -> String {
    var isPlain = !bytes.isEmpty
    var isText = true
    for index in bytes.indices {
      switch bytes[index] {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
        UInt8(ascii: "_"), UInt8(ascii: ","), UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: "@"):
        break
      case 0x20..<0x7f: isPlain = false
      default:
        isPlain = false
        isText = false
      }
    }
    if isPlain { return String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
    var word = isText ? "'" : "$'"
    for index in bytes.indices {
      let byte = bytes[index]
      if byte == UInt8(ascii: "'") {
        word += isText ? "'\\''" : "\\'"
      } else if !isText, byte == UInt8(ascii: "\\") {
        word += "\\\\"
      } else if (0x20..<0x7f).contains(byte) {
        word.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        // Three octal digits, which no digit after them changes.
        let digits = String(byte, radix: 8)
        word += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
      }
    }
    return word + "'"
  }
}
