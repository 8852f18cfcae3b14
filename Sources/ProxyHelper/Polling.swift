import Linux

/// How often to look for the next request before sleeping until it comes.
///
/// Being woken up is most of what a short request costs. A client that sends one request after the other is met by
/// looking again and again for a moment, giving the processor to whoever wants it between the looks: to the client itself
/// where both share one. Looking in vain is what an idle helper must not do, so the moment shrinks to almost nothing as
/// requests come seldom, and grows again with them.
struct Polling {
  private static let least = 4
  // About 60 µs of recv and sched_yield, some more than a client needs for a round trip.
  private static let most = 128

  /// Looks to make for the next request.
  private(set) var looks = least

  /// The request came while it was looked for.
  mutating func succeeded() {
    looks = min(looks * 2, Self.most)
  }

  /// It didn't: the helper slept.
  mutating func failed() {
    looks = max(looks / 2, Self.least)
  }
}
