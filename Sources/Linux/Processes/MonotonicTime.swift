internal import CLinux
internal import Glibc

/// Time that only passes, for measuring how long something took.
package enum MonotonicTime {
  /// Nanoseconds since some moment. The system call is `clock_gettime(CLOCK_MONOTONIC)`, mostly without entering the kernel.
  package static var now: UInt64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
