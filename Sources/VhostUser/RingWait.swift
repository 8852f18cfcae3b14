internal import Linux

/// How long to look for the next request before sleeping: longer while requests come soon, hardly while they don't.
package struct RingWait {
  private(set) var looks = leastLooks
  /// Times in a row that sleeping ended with nothing to take.
  private var inVain = 0

  private static let leastLooks = 4
  private static let mostLooks = 128
  /// Guests that behave stay below it.
  private static let mostInVain = 64

  /// A ring's, at its start.
  package init() {}

  mutating func found(bySleeping: Bool) {
    if !bySleeping { inVain = 0 }
    looks = bySleeping ? max(looks / 2, Self.leastLooks) : min(looks * 2, Self.mostLooks)
  }

  mutating func woke(inVain: Bool) {
    self.inVain = inVain ? min(self.inVain + 1, Self.mostInVain) : 0
  }

  /// Keeps a guest that kicks for nothing, or whose kicks can't be cleared, from taking a whole processor.
  func slowDown() {
    if inVain == Self.mostInVain { Process.sleep(milliseconds: 1) }
  }
}
