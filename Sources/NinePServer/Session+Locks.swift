import Export
import Linux
import NinePProtocol
import Serving
import SystemPackage
import Wire

// Locks.
extension Session where Files: ~Copyable {
  /// Locks or unlocks a range. A blocking request is answered when the lock is granted.
  ///
  /// If it were answered with `P9_LOCK_BLOCKED`, Linux's client would ask again only after 30 s.
  mutating func lock(
    _ fid: Fid, flags: Lock.Flags, lock: borrowing Lock, reply writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    guard flags.isSubset(of: .block) else { throw .invalidArgument }
    let handle = try fids.handle(of: fid)
    var request = try request(lock, of: handle)
    request.waits = flags.contains(.block)
    try requireAccess(to: handle, for: request.kind)
    guard let result = set(request, reply: writer) else {
      fids[handle].hasLocks = true
      return
    }
    if result == .granted, request.kind != .unlocked { fids[handle].hasLocks = true }
    outbox.put { buffer in NinePReplies.locked(result, to: writer.tag.request, into: &buffer) }
  }

  private func set(_ request: LockRequest, reply writer: ReplyWriter) -> LockResult? {
    if !request.waits || !lockReplies.hasThread {
      let outcome = terms.locks.set(request)
      guard request.waits, outcome == .blocked else { return outcome }
      do throws(Errno) {
        try lockReplies.begin()
      } catch {
        // The client asks again.
        return .blocked
      }
    }
    return terms.locks.set(request, heldAs: writer.tag.request, for: lockReplies.signal)
  }

  /// Appends the answers that are ready to the current reply.
  mutating func putLockAnswers(into outbox: inout Outbox) {
    while let answer = terms.locks.takeAnswer(of: number) {
      _ = outbox.finish()
      outbox.put { buffer in NinePReplies.locked(answer.result, to: answer.tag, into: &buffer) }
    }
  }

  /// Withdraws a request for a lock, or puts its answer if the lock has been granted.
  mutating func withdrawLock(_ tag: Tag, into outbox: inout Outbox) {
    guard lockReplies.signal.areAwaited, let answer = terms.locks.withdraw(tag.request, of: number) else { return }
    outbox.put { buffer in NinePReplies.locked(answer.result, to: answer.tag, into: &buffer) }
    _ = outbox.finish()
  }

  func getLock(
    _ fid: Fid, lock: borrowing Lock, reply writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    var request = try request(lock, of: try fids.handle(of: fid))
    // Linux never says which kind it means.
    if request.kind == .unlocked { request.kind = .exclusive }
    do throws(Malformed) {
      guard let conflict = terms.locks.conflict(with: request) else {
        var free = copy lock
        free.kind = .unlocked
        return try outbox.put { buffer throws(Malformed) in try writer.lock(free, into: &buffer) }
      }
      let client = conflict.client
      let bytes = client.bytes
      let found = Lock(
        kind: Lock.Kind(conflict.kind), start: conflict.first, length: conflict.length, process: conflict.process,
        client: bytes.span.extracting(first: client.count))
      try outbox.put { buffer throws(Malformed) in try writer.lock(found, into: &buffer) }
    } catch {
      throw .fileNameTooLong
    }
  }

  /// Makes the lock table's request.
  ///
  /// - Throws: `EBADF` if the file isn't open, `EINVAL` for a range that reaches beyond the largest file.
  private func request(_ lock: borrowing Lock, of handle: FidTable.Handle) throws(Errno) -> LockRequest {
    switch fids[handle].use {
    case .file, .directory: break
    case .named, .readingAttribute, .writingAttribute: throw .badFileDescriptor
    }
    let (end, isTooLong) = lock.start.addingReportingOverflow(lock.length)
    guard !isTooLong, end <= 1 << 63 else { throw .invalidArgument }
    return LockRequest(
      device: fids[handle].device, inode: fids[handle].inode, session: number,
      client: LockClient(lock.client), process: lock.process, handle: UInt64(fids[handle].fid.rawValue),
      kind: LockKind(lock.kind),
      first: lock.start, end: lock.length == 0 ? .max : end)
  }

  /// Checks that the file is open for what the lock needs: a user with read access must not lock out those who may write.
  ///
  /// A trusted client's kernel checks that itself. There, `flock(2)` may exclusively lock a file that is open for reading,
  /// and its request looks the same here.
  /// - Throws: `EBADF`, as `fcntl(2)` does.
  private func requireAccess(to handle: FidTable.Handle, for kind: LockKind) throws(Errno) {
    guard terms.authority != .trusted else { return }
    let (reads, writes): (Bool, Bool)
    switch fids[handle].use {
    case .file(let isRead, let isWritten): (reads, writes) = (isRead, isWritten)
    default: (reads, writes) = (true, false)
    }
    switch kind {
    case .shared: guard reads else { throw .badFileDescriptor }
    case .exclusive: guard writes else { throw .badFileDescriptor }
    case .unlocked: break
    }
  }
}
