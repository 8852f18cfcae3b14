/// The result of a request for a lock.
package enum LockResult: Sendable {
  /// The range is locked, or unlocked.
  case granted
  /// Another owner's lock is in the way.
  case blocked
  /// Waiting would be a deadlock (`EDEADLK`).
  case deadlock
  /// The session would have too many ranges (`ENOLCK`).
  case refused
}

/// The answer to a request that was held.
package struct LockAnswer: Sendable {
  package let tag: RequestTag
  package let result: LockResult
}
