internal import Linux
internal import Synchronization

/// The number of a session's held requests and ready answers, readable without the table's mutex, and the event that an
/// answer is ready.
package final class LockSignal: Sendable {
  private let held = Atomic<Int>(0)
  private let ready = Atomic<Int>(0)
  /// Advances when an answer is ready, or the session ends.
  let event = EventCount()

  init() {}

  /// There are requests that are held, or whose answers aren't sent.
  package var areAwaited: Bool { held.load(ordering: .relaxed) > 0 }
  /// There are answers that are ready.
  package var areReady: Bool { ready.load(ordering: .acquiring) > 0 }

  /// Counts requests that aren't answered, and the answers among them that are ready.
  func count(held more: Int, answers moreAnswers: Int = 0) {
    held.add(more, ordering: .relaxed)
    if moreAnswers != 0 { ready.add(moreAnswers, ordering: .releasing) }
  }

  /// Wakes the session's thread for answers.
  func wake() { event.advance() }
}
