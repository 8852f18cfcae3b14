internal import Synchronization

/// The locks of all clients of an export, by the rules of `fcntl(2)`: a lock keeps other owners out, but never its own.
///
/// A lock's owner is a process of a client of a session. Processes of the host see none of these locks. A request that
/// waits for a lock is held here; ``LockReplies`` of its session sends the answer.
package final class LockTable: Sendable {
  private let state = Mutex(LockState())

  package init() {}

  /// The largest number of ranges that a session has locked.
  package static let mostOfSession = 1024
  /// The largest number of requests of a session that are held.
  package static let mostHeldOfSession = 64
  /// The largest number of requests for a file that are held.
  package static let mostHeldOfFile = 2048

  /// Adds a session.
  ///
  /// - Returns: the session's number, until ``end(session:)``.
  package func begin() -> Int32 {
    state.withLock { state in state.addSession() }
  }

  /// Locks or unlocks a range. Replaces the owner's locks of the same bytes.
  ///
  /// - Parameters:
  ///   - request: the range, and its owner.
  ///   - tag: the client's number of a request that waits. Without it the request isn't held.
  ///   - signal: tells the session of its answers, from its first request on that is held.
  /// - Returns: nil if the request is held, and will be answered later.
  package func set(
    _ request: LockRequest, heldAs tag: RequestTag? = nil, for signal: LockSignal? = nil
  ) -> LockResult? {
    change(by: request.session) { state in state.set(request, heldAs: tag, for: signal) }
  }

  /// Finds the first lock that conflicts with a request.
  package func conflict(with request: LockRequest) -> LockConflict? {
    state.withLock { state in state.conflict(with: request) }
  }

  /// Tells whether a tag is that of a request that is held, or whose answer isn't sent.
  package func has(_ tag: RequestTag, of session: Int32) -> Bool {
    state.withLock { state in state.has(tag, of: session) }
  }

  /// Withdraws the request with a tag.
  ///
  /// - Returns: its answer, if that was ready: the caller sends it before the reply to the flush.
  package func withdraw(_ tag: RequestTag, of session: Int32) -> LockAnswer? {
    change(by: session) { state in state.withdraw(tag, of: session) }
  }

  /// Takes an answer that is ready, for the caller to send.
  package func takeAnswer(of session: Int32) -> LockAnswer? {
    state.withLock { state in state.takeAnswer(of: session) }
  }

  /// Drops the locks taken through a handle. Answers requests that wait through it with ``LockResult/blocked``.
  package func drop(session: Int32, handle: UInt64) {
    change(by: session) { state in state.withdrawAll(of: session, through: handle) }
    while change(by: session, body: { state in state.dropSome(of: session, through: handle) }) {}
  }

  /// Drops all locks of a session, and its requests without an answer.
  package func drop(session: Int32) {
    change(by: session) { state in state.withdrawAll(of: session) }
    while change(by: session, body: { state in state.dropSome(of: session, through: nil) }) {}
  }

  /// Removes a session that has dropped its locks.
  package func end(session: Int32) {
    state.withLock { state in state.removeSession(session) }
  }

  /// Changes the table, and then grants the requests that the change has unblocked.
  private func change<Result>(by session: Int32, body: (inout LockState) -> Result) -> Result {
    var owed = 0
    let result = state.withLock { state in
      let result = body(&state)
      owed = state.settleSome(0, for: session)
      return result
    }
    while owed > 0 { owed = state.withLock { state in state.settleSome(owed, for: session) } }
    return result
  }
}
