/// How long to look for the next request before sleeping: longer while requests come soon, hardly while they don't.
package struct RingWait {
  private(set) var looks = leastLooks

  private static let leastLooks = 4
  private static let mostLooks = 128

  /// A ring's, at its start.
  package init() {}

  mutating func found(bySleeping: Bool) {
    looks = bySleeping ? max(looks / 2, Self.leastLooks) : min(looks * 2, Self.mostLooks)
  }
}
