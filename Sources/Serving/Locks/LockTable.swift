package import NinePProtocol
internal import Synchronization

/// The locks of all clients of an export, with the rules of `fcntl(2)`: a lock keeps other owners out, and never its own.
///
/// An owner is a process of a client of a session. Processes of the host see none of these locks. A request that waits for
/// a lock is held here, and its answer is left to the session's ``LockReplies``.
package final class LockTable: Sendable {
  private let state = Mutex(LockState())

  /// None.
  package init() {}

  /// The most ranges that a session has locked.
  package static let mostOfSession = 1024
  /// The most requests of a session that are held.
  package static let mostHeldOfSession = 64
  /// The most requests for a file that are held.
  package static let mostHeldOfFile = 2048

  /// A number for a session, until ``end(session:)``.
  package func begin() -> Int32 {
    state.withLock { state in state.addSession() }
  }

  /// What became of a request.
  package enum Outcome {
    case granted
    /// Another owner's lock is in the way.
    case blocked
    /// So it is, and the request is answered later.
    case held
    /// To wait would be to wait for itself.
    case deadlock
    /// There would be too many ranges.
    case refused
  }

  /// Locks or unlocks a range. What the same owner has of it already is replaced.
  ///
  /// - Parameters:
  ///   - request: the range, and the owner.
  ///   - writer: what writes the reply to a request that waits. Without it, that isn't held.
  ///   - replies: what sends the reply then.
  /// - Returns: what became of it.
  package func set(_ request: LockRequest, holdingFor writer: ReplyWriter? = nil, _ replies: LockReplies? = nil)
    -> Outcome
  {
    change(by: request.session) { state in state.set(request, holdingFor: writer, replies) }
  }

  /// Finds the first lock that keeps a range from being locked.
  package func conflict(with request: LockRequest) -> LockConflict? {
    state.withLock { state in state.conflict(with: request) }
  }

  /// Whether a tag is that of a request that isn't answered.
  package func has(_ tag: Tag, of session: Int32) -> Bool {
    state.withLock { state in state.has(tag, of: session) }
  }

  /// Withdraws the request that has a tag.
  ///
  /// - Returns: its answer, where that was ready: the caller sends it before the reply to the flush.
  package func withdraw(_ tag: Tag, of session: Int32) -> LockAnswer? {
    change(by: session) { state in state.withdraw(tag, of: session) }
  }

  /// Takes an answer that is ready. The caller sends it.
  package func takeAnswer(of session: Int32) -> LockAnswer? {
    state.withLock { state in state.takeAnswer(of: session) }
  }

  /// Drops the locks that were taken through a fid. Requests that wait for one through it are answered with "blocked".
  package func drop(session: Int32, fid: Fid) {
    change(by: session) { state in state.withdrawAll(of: session, through: fid) }
    while change(by: session, { state in state.dropSome(of: session, through: fid) }) {}
  }

  /// Drops all locks of a session. Its requests that aren't answered never are.
  package func drop(session: Int32) {
    change(by: session) { state in state.withdrawAll(of: session) }
    while change(by: session, { state in state.dropSome(of: session, through: nil) }) {}
  }

  /// Ends a session, which has dropped its locks.
  package func end(session: Int32) {
    state.withLock { state in state.removeSession(session) }
  }

  /// Changes the table, and then grants what waited for that.
  private func change<Result>(by session: Int32, _ body: (inout LockState) -> Result) -> Result {
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
