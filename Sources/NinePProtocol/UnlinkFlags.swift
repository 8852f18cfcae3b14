/// The flags of ``RequestType/unlinkat``.
package struct UnlinkFlags: OptionSet, Hashable, Sendable {
  /// The bits on the wire.
  package let rawValue: UInt32

  /// These bits, whatever they are.
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `AT_REMOVEDIR`: the entry is an empty directory. No other bit has a meaning.
  package static let directory = UnlinkFlags(rawValue: 0x200)
}
