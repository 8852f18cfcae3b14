/// A request that waits for a lock.
///
/// A range blocks it: a locked one, or that of a request that has waited for longer. It is looked at again when that range
/// goes, and not before.
struct LockWait {
  /// The range that it waits to lock.
  let range: Int32
  let tag: RequestTag
  /// The request keeps behind requests that have waited for longer.
  var queues: Bool
  /// The arrival number of its range; 0 if the request has ended.
  var arrival: UInt64
  /// The range that blocks it, or none if that isn't known.
  var blocker = LockRanges.none
  // Its neighbours among the requests that the same range blocks.
  var previous = LockRanges.none
  var next = LockRanges.none
  /// The last search for a deadlock that has come here.
  var search: UInt32 = 0
}
