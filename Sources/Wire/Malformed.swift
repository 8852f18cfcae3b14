/// The reason why a message can't be decoded or encoded.
///
/// The frame is whole nevertheless, so a server answers with an errno and continues with the next frame.
public enum Malformed: Error, Equatable, Sendable {
  /// A field reaches beyond the end of the message.
  case truncated
  /// Bytes follow the last field.
  case trailing
  /// No message has this type.
  case unknown
  /// A list has more elements than the protocol allows.
  case count
  /// A field has a value that the protocol doesn't define.
  case value
  /// A length is negative or exceeds the bytes that it measures. When encoding: a field exceeds its length's range, or the
  /// message exceeds the buffer.
  case length
  /// A path contains a NUL before its last byte.
  case embeddedNUL
  /// A name, a link's target or an extended attribute's name can't be one.
  case name(Name.Fault)
}
