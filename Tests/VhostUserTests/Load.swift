import Glibc
import Linux
import SystemPackage
import Synchronization
import VhostHarness

/// A guest that sends one request after the other, and waits for each.
final class Load: Sendable {
  private let isOver = Atomic(false)
  private let sent = Atomic(0)
  private let answered = Atomic(0)
  private let thread = Mutex<Thread.Running?>(nil)

  private struct Guest: @unchecked Sendable {
    let ring: GuestRing
  }

  init(_ ring: GuestRing) throws(Errno) {
    let guest = Guest(ring: ring)
    let running = try Thread.begin {
      while !self.isOver.load(ordering: .acquiring) {
        self.sent.add(1, ordering: .relaxed)
        if guest.ring.exchange([1, 2, 3], room: 3) != [1, 2, 3] { break }
        self.answered.add(1, ordering: .relaxed)
      }
    }
    var begun: Thread.Running? = consume running
    thread.withLock { $0 = begun.take() }
  }

  /// - Returns: requests, and those of them that were answered.
  func finish() -> (sent: Int, answered: Int) {
    isOver.store(true, ordering: .releasing)
    if let running = thread.withLock({ $0.take() }) { running.join() }
    return (sent.load(ordering: .relaxed), answered.load(ordering: .relaxed))
  }
}
