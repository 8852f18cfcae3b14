import Glibc
import Synchronization

/// A thread that does something over and over beside the test: the host's part in a race.
package final class HostThread: Sendable {
  private let body: @Sendable () -> Void
  private let isStopping = Atomic(false)
  private let completed = Atomic(0)
  private let thread = Atomic<UInt>(0)

  /// - Parameter body: what to do; it isn't interrupted, so when ``stop()`` returns it was done to its end.
  package init(_ body: @escaping @Sendable () -> Void) throws {
    self.body = body
    var identifier = pthread_t()
    // Whoever starts it must stop it, and holds it until then.
    let result = pthread_create(
      &identifier, nil,
      { raw in
        guard let raw else { return nil }
        let host = Unmanaged<HostThread>.fromOpaque(raw).takeUnretainedValue()
        while !host.isStopping.load(ordering: .relaxed) {
          host.body()
          host.completed.add(1, ordering: .relaxed)
        }
        return nil
      }, Unmanaged.passUnretained(self).toOpaque())
    guard result == 0 else { throw HarnessError("pthread_create: \(result)") }
    thread.store(UInt(identifier), ordering: .relaxed)
  }

  /// How often it was done.
  package var rounds: Int { completed.load(ordering: .relaxed) }

  /// Ends it. Once only.
  package func stop() {
    isStopping.store(true, ordering: .relaxed)
    pthread_join(pthread_t(thread.load(ordering: .relaxed)), nil)
  }
}

/// Calls `body` again and again while `host` does its part beside it, for so long, or until it returns false.
///
/// - Parameter body: is given how often it was called.
package func race(
  seconds: Double, against host: @escaping @Sendable () -> Void, _ body: (Int) throws -> Bool
) throws -> (rounds: Int, hostRounds: Int) {
  let thread = try HostThread(host)
  defer { thread.stop() }
  let begin = now()
  var rounds = 0
  // On a machine with other work neither side may have come to much by then.
  func isOver() -> Bool {
    now() >= begin + (rounds > 20 && thread.rounds > 20 ? seconds : 20 * seconds)
  }
  while !isOver(), try body(rounds) { rounds += 1 }
  return (rounds, thread.rounds)
}

/// Seconds on a clock that only goes forwards.
package func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
