import Linux

/// The command line's words. They are bytes, and what reads them takes text only: in a word that isn't text each byte
/// beyond ASCII is written as a character that no text has.
enum CommandWords {
  /// The words after the program's name.
  static var all: [String] {
    var words: [String] = []
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let pointer = unsafe CommandLine.unsafeArgv[index] else { break }
      words.append(text(unsafe HostPath(argument: pointer).bytes))
    }
    return words
  }

  /// The first of 256 characters for private use, one for each byte.
  private static let first: UInt32 = 0x10_ff00

  private static func text(_ bytes: Span<UInt8>) -> String {
    let bytes = bytes.indices.map { bytes[$0] }
    let plain = String(validating: bytes, as: UTF8.self)
    if let plain, !plain.unicodeScalars.contains(where: { $0.value >= first }) { return plain }
    var text = String.UnicodeScalarView()
    for byte in bytes {
      if let scalar = Unicode.Scalar(byte < 0x80 ? UInt32(byte) : first + UInt32(byte)) { text.append(scalar) }
    }
    return String(text)
  }

  /// The bytes that a word, or a part of one, was written with.
  static func path(_ text: String) -> HostPath {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      if scalar.value >= first {
        bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      } else {
        bytes += Array(String(scalar).utf8)
      }
    }
    return HostPath(lasting: bytes.span)
  }
}
