/// The flags of ``RequestType/xattrcreate``.
public struct ExtendedAttributeFlags: OptionSet, Hashable, Sendable {
  /// The bits on the wire.
  public let rawValue: UInt32

  /// These bits, whatever they are.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `XATTR_CREATE`: there is none yet.
  public static let create = ExtendedAttributeFlags(rawValue: 1)
  /// `XATTR_REPLACE`: there is one already.
  public static let replace = ExtendedAttributeFlags(rawValue: 2)
}
