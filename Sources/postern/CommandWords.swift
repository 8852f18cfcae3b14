import Linux

/// The words of the command line. They are bytes, but ArgumentParser takes text only: in a word that isn't UTF-8 each byte
/// beyond ASCII becomes a character for private use.
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

  /// The bytes of a word, or of a part of one.
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
