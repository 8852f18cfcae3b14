internal import NinePProtocol
internal import Synchronization

/// The locks of all clients of an export, as `fcntl(2)` has them: a process's locks keep others out, and never itself.
///
/// Linux's client finds out itself what its own processes keep from each other. Here it learns of other clients. Processes
/// of the host see none of these locks.
package final class LockTable: Sendable {
  fileprivate struct State {
    var locks: [HeldLock] = []
    var sessions: UInt64 = 0
  }

  private let state = Mutex(State())

  /// None.
  package init() {}

  /// The most locks that one session has. One more is refused.
  static let mostOfSession = 1024

  /// A number that no other session has.
  func newSession() -> UInt64 {
    state.withLock { state in
      state.sessions += 1
      return state.sessions
    }
  }

  /// What became of a wish.
  enum Outcome {
    case granted
    /// A process of another client has it.
    case blocked
    /// Only processes of the same client have it.
    case blockedBySession
    /// There is no room.
    case refused
  }

  /// Locks or unlocks a range; what the same process has of it already is replaced.
  func set(_ wish: HeldLock) -> Outcome {
    state.withLock { state in
      if wish.kind != .unlocked {
        if state.conflictOfOthers(with: wish) { return .blocked }
        if state.firstConflict(with: wish) != nil { return .blockedBySession }
        // Cutting one in two takes another place.
        let count = state.locks.count { $0.owner.session == wish.owner.session }
        guard count + 2 <= Self.mostOfSession else { return .refused }
      }
      state.cut(wish)
      if wish.kind != .unlocked { state.locks.append(wish) }
      return .granted
    }
  }

  /// What keeps a range from being locked.
  func conflict(with wish: HeldLock) -> HeldLock? {
    state.withLock { state in state.firstConflict(with: wish) }
  }

  /// Drops the locks that were taken through a fid.
  func drop(session: UInt64, fid: Fid) {
    state.withLock { state in
      state.locks.removeAll { $0.owner.session == session && $0.fid == fid }
    }
  }

  /// Drops all locks of a session.
  func drop(session: UInt64) {
    state.withLock { state in
      state.locks.removeAll { $0.owner.session == session }
    }
  }
}

extension LockTable.State {
  func firstConflict(with wish: HeldLock) -> HeldLock? {
    for lock in locks where lock.conflicts(with: wish) { return lock }
    return nil
  }

  /// Whether another client's process keeps a range from being locked.
  func conflictOfOthers(with wish: HeldLock) -> Bool {
    for lock in locks where lock.owner.session != wish.owner.session && lock.conflicts(with: wish) { return true }
    return false
  }

  /// Takes a range out of what its process has.
  mutating func cut(_ wish: HeldLock) {
    var index = 0
    var end = locks.count
    while index < end {
      let lock = locks[index]
      guard lock.owner == wish.owner, lock.overlaps(wish) else {
        index += 1
        continue
      }
      // What is before and behind it stays.
      if lock.last > wish.last {
        var rest = lock
        rest.first = wish.last + 1
        locks.append(rest)
      }
      if lock.first < wish.first {
        locks[index].last = wish.first - 1
        index += 1
      } else {
        locks.swapAt(index, end - 1)
        locks.swapAt(end - 1, locks.count - 1)
        locks.removeLast()
        end -= 1
      }
    }
  }
}

/// One lock, or the wish for one.
struct HeldLock {
  /// The file.
  let device: UInt64
  let inode: UInt64
  /// Whose it is.
  let owner: Owner
  /// By what it was taken.
  let fid: Fid
  var kind: Lock.Kind
  /// The first byte, and the last: the largest number where it reaches to the file's end.
  var first: UInt64
  var last: UInt64
  /// What the client calls itself; a name of Linux's is no longer.
  var client: InlineArray<64, UInt8> = .init(repeating: 0)
  var clientCount = 0

  /// A process of a client.
  struct Owner: Equatable {
    let session: UInt64
    let process: UInt32
  }

  func overlaps(_ other: HeldLock) -> Bool {
    device == other.device && inode == other.inode && first <= other.last && other.first <= last
  }

  func conflicts(with other: HeldLock) -> Bool {
    owner != other.owner && (kind == .exclusive || other.kind == .exclusive) && overlaps(other)
  }

  /// 0 where it reaches to the file's end.
  var length: UInt64 { last == .max ? 0 : last - first + 1 }
}
