import Export
import Linux
import NinePProtocol
import Serving
import SystemPackage
import Wire

// Locks.
extension Session where Files: ~Copyable {
  /// Locks or unlocks a range. A request that waits for a lock is answered when it has that.
  ///
  /// To answer that it is blocked would have Linux's client ask again after 30 s.
  mutating func lock(
    _ fid: Fid, _ flags: Lock.Flags, _ lock: borrowing Lock, _ writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    guard flags.isSubset(of: .block) else { throw .invalidArgument }
    let index = try fids.index(of: fid)
    var request = try request(index, lock)
    request.waits = flags.contains(.block)
    try requireAccess(index, for: request.kind)
    guard let result = set(request, writer) else {
      fids.files[index].hasLocks = true
      return
    }
    if result == .granted, request.kind != .unlocked { fids.files[index].hasLocks = true }
    outbox.put { buffer in NinePReplies.locked(result, to: writer.tag.request, into: &buffer) }
  }

  private func set(_ request: LockRequest, _ writer: ReplyWriter) -> LockResult? {
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

  /// Puts the answers that are ready behind the reply that has been put.
  mutating func putLockAnswers(into outbox: inout Outbox) {
    while let answer = terms.locks.takeAnswer(of: number) {
      _ = outbox.finish()
      outbox.put { buffer in NinePReplies.locked(answer.result, to: answer.tag, into: &buffer) }
    }
  }

  /// Withdraws a request for a lock. Where it has the lock already, its answer is put.
  mutating func withdrawLock(_ tag: Tag, into outbox: inout Outbox) {
    guard lockReplies.signal.areAwaited, let answer = terms.locks.withdraw(tag.request, of: number) else { return }
    outbox.put { buffer in NinePReplies.locked(answer.result, to: answer.tag, into: &buffer) }
    _ = outbox.finish()
  }

  func getLock(
    _ fid: Fid, _ lock: borrowing Lock, _ writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    var request = try request(try fids.index(of: fid), lock)
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

  /// - Throws: `EBADF` where the file isn't open, `EINVAL` for a range that reaches beyond the largest file.
  private func request(_ index: Int, _ lock: borrowing Lock) throws(Errno) -> LockRequest {
    switch fids.files[index].use {
    case .file, .directory: break
    case .named, .readingAttribute, .writingAttribute: throw .badFileDescriptor
    }
    let (end, isTooLong) = lock.start.addingReportingOverflow(lock.length)
    guard !isTooLong, end <= 1 << 63 else { throw .invalidArgument }
    return LockRequest(
      device: fids.files[index].device, inode: fids.files[index].inode, session: number,
      client: LockClient(lock.client), process: lock.process, handle: UInt64(fids.files[index].fid.rawValue),
      kind: LockKind(lock.kind),
      first: lock.start, end: lock.length == 0 ? .max : end)
  }

  /// Keeps a user from locking out those who may write to a file that the user may only read.
  ///
  /// A trusted client's kernel checks that itself. There, `flock(2)` may lock exclusively what is open for reading, and
  /// looks the same here.
  /// - Throws: `EBADF`, as `fcntl(2)` does.
  private func requireAccess(_ index: Int, for kind: LockKind) throws(Errno) {
    guard terms.authority != .trusted else { return }
    let (reads, writes): (Bool, Bool)
    switch fids.files[index].use {
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
