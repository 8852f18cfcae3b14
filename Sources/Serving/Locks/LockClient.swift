/// A client's name for itself. Processes of two names are two owners.
package struct LockClient: Equatable {
  /// The first bytes, for reporting a conflict. Linux's names aren't longer.
  package private(set) var bytes: InlineArray<64, UInt8> = .init(repeating: 0)
  package private(set) var count = 0
  // Of the whole name. A client that makes up two names with the same hash confuses only itself.
  private let length: Int
  private let hash: UInt64

  package init(_ name: Span<UInt8>) {
    length = name.count
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in name.indices { hash = (hash ^ UInt64(name[index])) &* 0x100_0000_01b3 }
    self.hash = hash
    count = min(name.count, bytes.count)
    for index in 0..<count { bytes[index] = name[index] }
  }

  package static func == (one: Self, other: Self) -> Bool {
    guard one.length == other.length, one.hash == other.hash else { return false }
    for index in 0..<one.count where one.bytes[index] != other.bytes[index] { return false }
    return true
  }
}
