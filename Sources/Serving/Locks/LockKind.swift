/// The kind of a lock, by the numbers of `fcntl(2)`.
package enum LockKind: UInt8, Sendable {
  /// `F_RDLCK`: keeps others from locking exclusively.
  case shared = 0
  /// `F_WRLCK`: keeps others from locking.
  case exclusive = 1
  /// `F_UNLCK`: no lock.
  case unlocked = 2
}
