internal import Linux
internal import Synchronization

/// An eventfd of the front end's, which may be in use while it is replaced.
///
/// The front end can fill it and change its flags, so that writing to it waits. So no thread writes while it has a mutex,
/// nor does the thread that answers the front end: that one frees the others.
final class Notifier: Sendable {
  let event: EventDescriptor
  /// Threads that are writing, or are about to.
  private let writers = Atomic(0)

  init?(_ event: consuming EventDescriptor?) {
    guard let event = event.take() else { return nil }
    self.event = event
  }

  /// Says that the calling thread is about to signal: before it unlocks the mutex that this was found by.
  func announce() { writers.add(1, ordering: .acquiringAndReleasing) }

  /// Signals, as was announced.
  func signal() {
    event.signal()
    writers.subtract(1, ordering: .acquiringAndReleasing)
  }

  /// Waits for the threads that are writing, and frees those that couldn't go on. No further one may announce itself.
  func retire() {
    while writers.load(ordering: .acquiring) > 0 {
      event.clear()
      Process.sleep(milliseconds: 1)
    }
  }
}
