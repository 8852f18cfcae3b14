/// The name of an entry in a directory, still in the message: 1 to 255 bytes, no NUL, no `/`, neither `.` nor `..`.
///
/// Only codecs make names. Code that is given one doesn't check it again.
public struct Name: ~Escapable {
  /// `NAME_MAX`.
  public static var longest: Int { 255 }

  /// The name's bytes, in no particular encoding.
  public let bytes: Span<UInt8>

  /// Checks a name's bytes.
  ///
  /// - Throws: the first ``Fault`` that they have.
  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>) throws(Fault) {
    if let fault = Self.fault(in: bytes) { throw fault }
    self.bytes = bytes
  }

  /// Finds the reason why bytes aren't a name, or returns nil when they are one.
  public static func fault(in bytes: Span<UInt8>) -> Fault? {
    if bytes.isEmpty { return .empty }
    if bytes.count > longest { return .tooLong }
    for index in bytes.indices {
      if bytes[index] == 0 { return .nul }
      if bytes[index] == UInt8(ascii: "/") { return .slash }
    }
    guard bytes[0] == UInt8(ascii: "."), bytes.count <= 2 else { return nil }
    if bytes.count == 1 { return .dot }
    return bytes[1] == UInt8(ascii: ".") ? .dotDot : nil
  }

  /// The reasons why bytes aren't a name. Each protocol has its own errno for them.
  public enum Fault: Error, Equatable, Sendable {
    /// There are none.
    case empty
    /// There are more than 255.
    case tooLong
    /// One is NUL.
    case nul
    /// One is `/`.
    case slash
    /// They are `.`.
    case dot
    /// They are `..`.
    case dotDot
  }
}
