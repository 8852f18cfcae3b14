import Linux
import NinePProtocol
import SystemPackage

// Locks.
extension Session where Files: ~Copyable {
  /// Locks or unlocks a range. It never waits: who is kept from it asks again.
  mutating func lock(_ fid: Fid, _ flags: Lock.Flags, _ lock: borrowing Lock) throws(Errno) -> Lock.Status {
    guard flags.isSubset(of: .block) else { throw .invalidArgument }
    let index = try fids.index(of: fid)
    let wish = try wish(index, lock)
    switch terms.locks.set(wish) {
    case .granted:
      if wish.kind != .unlocked { fids.files[index].hasLocks = true }
      return .success
    case .blocked: return .blocked
    case .refused: throw .noLocks
    }
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
