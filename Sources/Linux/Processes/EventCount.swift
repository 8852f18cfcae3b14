internal import CLinux
internal import Glibc

/// An event count: threads wait by it until something that a mutex guards has changed.
///
/// A thread that has to wait reads ``value`` before it unlocks the mutex, and waits while that is the value. A thread that
/// changes something calls ``advance(wakingAll:)`` before it unlocks the mutex. So no change is missed.
@safe
package struct EventCount: ~Copyable, @unchecked Sendable {
  private let count: UnsafeMutablePointer<UInt32>

  package init() {
    unsafe count = .allocate(capacity: 1)
    unsafe count.initialize(to: 0)
  }

  deinit {
    unsafe count.deallocate()
  }

  /// The number of events until now, modulo 2³².
  package var value: UInt32 { unsafe cl_load(count) }

  /// Sleeps until the value has changed. May also return for no reason. The system call is `futex`.
  package func wait(while value: UInt32) {
    // An event in between, and a signal, end it at once.
    _ = unsafe cl_wait_while(count, value)
  }

  /// Counts an event and wakes one thread, or all. The system call is `futex`.
  package func advance(wakingAll all: Bool = false) {
    _ = unsafe cl_change_and_wake(count, all ? .max : 1)
  }
}
