/// Why a message can't be decoded, or can't be encoded.
///
/// The frame is whole nevertheless, so a server answers with ``errorNumber`` and goes on behind it.
public enum Malformed: Error, Equatable, Sendable {
  /// A field reaches beyond the body's end.
  case truncated
  /// Bytes follow the last field.
  case trailing
  /// A reply of no known type.
  case unknown
  /// More than ``Names/maximumCount`` names or qids.
  case count
  /// A number that its field doesn't have.
  case value
  /// A name that can't be one, and what that is answered with.
  case name(ErrorNumber)
  /// Only of encoders: a field is longer than its length can say, or the message than the room for it.
  case length

  /// What a request is answered with.
  public var errorNumber: ErrorNumber {
    switch self {
    case .truncated, .trailing, .unknown, .count, .value: .invalid
    case .name(let number): number
    case .length: .nameTooLong
    }
  }
}
