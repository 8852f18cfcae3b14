/// The flags of ``RequestType/xattrcreate``.
package struct ExtendedAttributeFlags: OptionSet, Hashable, Sendable {
  /// The bits on the wire.
  package let rawValue: UInt32

  /// These bits, whatever they are.
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `XATTR_CREATE`: there is none yet.
  package static let create = ExtendedAttributeFlags(rawValue: 1)
  /// `XATTR_REPLACE`: there is one already.
  package static let replace = ExtendedAttributeFlags(rawValue: 2)
}
