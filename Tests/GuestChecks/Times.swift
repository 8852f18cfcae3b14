import Glibc

// The C macros aren't imported.
/// UTIME_NOW, in the place of nanoseconds.
package let now = (1 << 30) - 1
/// UTIME_OMIT, likewise.
package let omit = (1 << 30) - 2

/// Sets both times of what is at `path`, be it a symbolic link.
package func setTimes(
  _ path: String, _ access: (seconds: Int, nanoseconds: Int), _ modification: (seconds: Int, nanoseconds: Int)
) throws(Failure) {
  let times = [
    timespec(tv_sec: access.seconds, tv_nsec: access.nanoseconds),
    timespec(tv_sec: modification.seconds, tv_nsec: modification.nanoseconds),
  ]
  try call("utimensat \(path)", utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW))
}
