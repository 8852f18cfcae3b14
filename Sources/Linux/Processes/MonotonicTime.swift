internal import CLinux
internal import Glibc

/// The monotonic clock, for measuring durations.
package enum MonotonicTime {
  /// Nanoseconds since an arbitrary moment. The system call is `clock_gettime(CLOCK_MONOTONIC)`, mostly through the vDSO.
  package static var now: UInt64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
