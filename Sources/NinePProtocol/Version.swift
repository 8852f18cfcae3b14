/// The version that a `Tversion` asks for, or an `Rversion` answers. See version(5).
public enum Version: Equatable, Sendable {
  /// `9P2000.L`.
  case linux
  /// Any other, among them `9P2000`, `9P2000.u` and dialects of 9P2000.L with a suffix. It isn't an error but answered
  /// with `unknown`; a client may ask again.
  case unknown

  /// Reads the version from a text.
  public init(_ text: Span<UInt8>) {
    let linux = Version.linux.text
    self = isEqual(text, to: linux.utf8.span) ? .linux : .unknown
  }

  /// The answer's text. Both are short enough to be no object.
  var text: String {
    switch self {
    case .linux: "9P2000.L"
    case .unknown: "unknown"
    }
  }
}

private func isEqual(_ one: Span<UInt8>, to other: Span<UInt8>) -> Bool {
  guard one.count == other.count else { return false }
  for index in one.indices where one[index] != other[index] { return false }
  return true
}
