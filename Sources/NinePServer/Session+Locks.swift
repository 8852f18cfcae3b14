import Linux
import NinePProtocol
import SystemPackage

// Locks.
extension Session where Files: ~Copyable {
  /// Locks or unlocks a range. The server never waits: who is kept from it by another client asks again.
  ///
  /// Linux's client asks again after 30 s, and it wakes a process of its own that waits for another one before it tells
  /// the server who let go. So a wish to wait that only the same client's processes are in the way of is answered when
  /// they have let go, which is at once.
  mutating func lock(
    _ fid: Fid, _ flags: Lock.Flags, _ lock: borrowing Lock, _ writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    guard flags.isSubset(of: .block) else { throw .invalidArgument }
    let index = try fids.index(of: fid)
    let wish = try wish(index, lock)
    switch terms.locks.set(wish) {
    case .granted:
      if wish.kind != .unlocked { fids.files[index].hasLocks = true }
      outbox.put { buffer in writer.lockStatus(.success, into: &buffer) }
    case .blockedBySession where flags.contains(.block) && waiting.count < Self.mostWaiting:
      waiting.append(WaitingLock(wish: wish, writer: writer))
    case .blocked, .blockedBySession:
      outbox.put { buffer in writer.lockStatus(.blocked, into: &buffer) }
    case .refused: throw .noLocks
    }
  }

  /// The most locks of a session that are waited for. Who wants one more asks again.
  private static var mostWaiting: Int { 64 }

  /// Answers the wishes that nothing of this client is in the way of any more. The reply to what was asked last has been
  /// put.
  mutating func answerWaiting(into outbox: inout Outbox) {
    var index = 0
    while index < waiting.count {
      let (wish, writer) = (waiting[index].wish, waiting[index].writer)
      var status = Lock.Status.blocked
      do throws(Errno) {
        // Without its fid it may ask again, and is told.
        let file = try fids.index(of: wish.fid)
        switch terms.locks.set(wish) {
        case .granted:
          fids.files[file].hasLocks = true
          status = .success
        case .blockedBySession:
          index += 1
          continue
        case .blocked: break
        case .refused: status = .error
        }
      } catch {}
      waiting.remove(at: index)
      _ = outbox.finish()
      outbox.put { buffer in writer.lockStatus(status, into: &buffer) }
    }
  }

  /// Forgets a wish, for which nobody waits any more.
  mutating func forgetWaiting(_ tag: Tag) {
    waiting.removeAll { $0.writer.tag == tag }
  }

  func getLock(
    _ fid: Fid, _ lock: borrowing Lock, _ writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    var wish = try wish(try fids.index(of: fid), lock)
    // Linux never says which kind it means.
    if wish.kind == .unlocked { wish.kind = .exclusive }
    do throws(Malformed) {
      guard let conflict = terms.locks.conflict(with: wish) else {
        var free = copy lock
        free.kind = .unlocked
        return try outbox.put { buffer throws(Malformed) in try writer.lock(free, into: &buffer) }
      }
      let client = conflict.client
      let found = Lock(
        kind: conflict.kind, start: conflict.first, length: conflict.length, process: conflict.owner.process,
        client: client.span.extracting(first: conflict.clientCount))
      try outbox.put { buffer throws(Malformed) in try writer.lock(found, into: &buffer) }
    } catch {
      throw .fileNameTooLong
    }
  }

  /// - Throws: `EBADF` where the file isn't open, `EINVAL` for a range that reaches beyond the largest file.
  private func wish(_ index: Int, _ lock: borrowing Lock) throws(Errno) -> HeldLock {
    switch fids.files[index].use {
    case .file, .directory: break
    case .named, .readingAttribute, .writingAttribute: throw .badFileDescriptor
    }
    let (end, isTooLong) = lock.start.addingReportingOverflow(lock.length)
    guard !isTooLong, end <= 1 << 63 else { throw .invalidArgument }
    var wish = HeldLock(
      device: fids.files[index].device, inode: fids.files[index].inode,
      owner: HeldLock.Owner(session: number, process: lock.process), fid: fids.files[index].fid, kind: lock.kind,
      first: lock.start, last: lock.length == 0 ? .max : end - 1)
    wish.clientCount = min(lock.client.count, wish.client.count)
    for position in 0..<wish.clientCount { wish.client[position] = lock.client[position] }
    return wish
  }

  /// Lets go of all locks.
  func dropLocks() {
    terms.locks.drop(session: number)
  }
}

/// A wish for a lock that a process of the same client has, and the reply to it.
struct WaitingLock {
  let wish: HeldLock
  let writer: ReplyWriter
}
