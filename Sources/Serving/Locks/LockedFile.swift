/// A file of which something is locked or waited for.
struct LockedFile {
  struct Key: Hashable {
    let device: UInt64
    let inode: UInt64
  }

  let key: Key
  /// The roots of the trees of locked ranges, and of ranges that requests wait to lock.
  var locked = LockRanges.none
  var waiting = LockRanges.none
  /// The number of requests that wait.
  var waitCount = 0

  init(key: Key) { self.key = key }
}
