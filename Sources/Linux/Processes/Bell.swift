internal import CLinux
internal import Glibc

/// What threads sleep by until something has changed that a mutex guards.
///
/// Who finds that it must wait takes the ``moment`` before it lets the mutex go, and then waits for that to pass. Who
/// changes something rings before it lets the mutex go. So none sleeps through a change.
@safe
package struct Bell: ~Copyable, @unchecked Sendable {
  private let count: UnsafeMutablePointer<UInt32>

  package init() {
    unsafe count = .allocate(capacity: 1)
    unsafe count.initialize(to: 0)
  }

  deinit {
    unsafe count.deallocate()
  }

  /// What a ring ends.
  package var moment: UInt32 { unsafe cl_load(count) }

  /// Sleeps until it has rung since then, or for no reason. The system call is `futex`.
  package func wait(since moment: UInt32) {
    // A ring in between, and a signal, end it at once.
    _ = unsafe cl_wait_while(count, moment)
  }

  /// Wakes one who sleeps, or all. The system call is `futex`.
  package func ring(all: Bool = false) {
    _ = unsafe cl_change_and_wake(count, all ? .max : 1)
  }
}
