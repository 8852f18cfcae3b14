/// The flags of ``RequestType/unlinkat``.
public struct UnlinkFlags: OptionSet, Hashable, Sendable {
  /// The bits on the wire.
  public let rawValue: UInt32

  /// These bits, whatever they are.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `AT_REMOVEDIR`: the entry is an empty directory. No other bit has a meaning.
  public static let directory = UnlinkFlags(rawValue: 0x200)
}
