/// The contents of a ``LockTable``: the locked ranges, and the requests that wait.
struct LockState {
  var ranges = LockRanges()
  var files = Slots<LockedFile>()
  var waits = Slots<LockWait>()
  /// The number of requests that wait, of all sessions.
  var waitCount = 0
  /// Requests that wait, and that no range is known to block.
  var unsettled = LockWaitQueue()
  /// The number of requests that have waited so far.
  var arrivals: UInt64 = 0
  var sessions: [LockSession] = []
  private var freeSessions: [Int32] = []
  /// The numbers of files, spread over many dictionaries, so that none is so large that its growth takes long.
  private var numbers: [[LockedFile.Key: Int32]] = Array(repeating: [:], count: 256)
  /// The number of the last search for a deadlock.
  var search: UInt32 = 0

  mutating func addSession() -> Int32 {
    if let number = freeSessions.popLast() { return number }
    sessions.append(LockSession())
    return Int32(truncatingIfNeeded: sessions.count - 1)
  }

  mutating func removeSession(_ session: Int32) {
    sessions[Int(session)] = LockSession()
    freeSessions.append(session)
  }

  // MARK: Files

  func file(_ request: LockRequest) -> Int32? {
    let key = LockedFile.Key(device: request.device, inode: request.inode)
    return numbers[key.hashValue & 255][key]
  }

  mutating func addedFile(_ request: LockRequest) -> Int32 {
    if let file = file(request) { return file }
    let key = LockedFile.Key(device: request.device, inode: request.inode)
    let file = files.add(LockedFile(key: key))
    numbers[key.hashValue & 255][key] = file
    return file
  }

  /// Removes a file of which nothing is locked or waited for.
  mutating func forgetIfFree(_ file: Int32) {
    let it = files[file]
    guard it.locked == LockRanges.none, it.waitCount == 0 else { return }
    numbers[it.key.hashValue & 255][it.key] = nil
    files.remove(file)
  }

  // MARK: Ranges

  /// The range of a request. A client's name that isn't known has the number -1.
  func range(_ request: LockRequest, of file: Int32) -> LockRange {
    let client = sessions[Int(request.session)].number(of: request.client) ?? -1
    let owner = LockOwner(session: request.session, client: client, process: request.process)
    return LockRange(
      file: file, owner: owner, handle: request.handle, kind: request.kind, first: request.first, end: request.end)
  }

  func conflict(with request: LockRequest) -> LockConflict? {
    guard let file = file(request) else { return nil }
    let node = ranges.firstConflict(with: range(request, of: file), in: files[file].locked)
    guard node != LockRanges.none else { return nil }
    let found = ranges[node]
    return LockConflict(
      kind: found.kind, first: found.first, end: found.end, process: found.owner.process,
      client: sessions[Int(found.owner.session)].name(found.owner.client))
  }

  /// The number of ranges that are dropped under one lock of the mutex, so that other threads don't wait for all of them.
  private static var mostDropped: Int { 64 }

  /// Drops some of a session's ranges: those locked through a handle, or any.
  ///
  /// - Returns: true if there may be more.
  mutating func dropSome(of session: Int32, through handle: UInt64?) -> Bool {
    var left = Self.mostDropped
    for index in sessions[Int(session)].locked.indices.reversed() {
      if let handle, ranges[sessions[Int(session)].locked[index]].handle != handle { continue }
      guard left > 0 else { return true }
      left -= 1
      unlock(index, of: session)
    }
    return false
  }

  private mutating func unlock(_ index: Int, of session: Int32) {
    let file = ranges[sessions[Int(session)].locked[index]].file
    removeLocked(index..<index + 1, of: session)
    forgetIfFree(file)
  }

  private mutating func removeLocked(_ indices: Range<Int>, of session: Int32) {
    for index in indices {
      let node = sessions[Int(session)].locked[index]
      let range = ranges[node]
      files[range.file].locked = ranges.remove(node, from: files[range.file].locked)
      sessions[Int(session)].giveBack(range.owner.client)
      unblock(behind: node)
      ranges.forget(node)
    }
    sessions[Int(session)].locked.removeSubrange(indices)
  }

  private mutating func insertLocked(_ range: LockRange, at index: Int) {
    let session = Int(range.owner.session)
    let node = ranges.add(range)
    files[range.file].locked = ranges.insert(node, into: files[range.file].locked)
    sessions[session].take(range.owner.client)
    sessions[session].locked.insert(node, at: index)
  }

  /// Locks or unlocks a range that conflicts with no other owner's lock.
  ///
  /// - Returns: false, with nothing changed, if there would be too many ranges.
  mutating func apply(_ range: LockRange) -> Bool {
    let session = Int(range.owner.session)
    var start = firstLocked(of: range)
    var stop = start
    var (first, end) = (range.first, range.end)
    // The pieces that stay of what is cut: at most one before the range and one behind it.
    var (before, behind): (LockRange?, LockRange?) = (nil, nil)
    var added = range.kind == .unlocked ? 0 : 1
    while stop < sessions[session].locked.count {
      let own = ranges[sessions[session].locked[stop]]
      guard own.file == range.file, own.owner == range.owner, own.first <= range.end else { break }
      if own.kind == range.kind, own.handle == range.handle {
        // To replace it by itself would have all that it blocks looked at.
        if own.first <= range.first, own.end >= range.end { return true }
        first = min(first, own.first)
        end = max(end, own.end)
      } else if own.first < range.end, own.end > range.first {
        if own.first < range.first {
          before = own.with(first: own.first, end: range.first)
          added += 1
        }
        if own.end > range.end {
          behind = own.with(first: range.end, end: own.end)
          added += 1
        }
      } else if own.end <= range.first {
        // It only touches the range.
        start += 1
      } else {
        break
      }
      stop += 1
    }
    let removed = stop - start
    let count = sessions[session].locked.count - removed + added
    guard added <= removed || count <= LockTable.mostOfSession else { return false }
    // The name stays the owner's while its ranges are replaced.
    sessions[session].take(range.owner.client)
    removeLocked(start..<stop, of: range.owner.session)
    if let behind { insertLocked(behind, at: start) }
    if range.kind != .unlocked {
      insertLocked(range.with(first: first, end: end), at: start)
      stopQueueing(range.owner)
    }
    if let before { insertLocked(before, at: start) }
    sessions[session].giveBack(range.owner.client)
    return true
  }

  /// The index, among the session's ranges, of the first that has the same file and owner and overlaps or touches a range.
  private func firstLocked(of range: LockRange) -> Int {
    let session = Int(range.owner.session)
    var (low, high) = (0, sessions[session].locked.count)
    while low < high {
      let middle = (low + high) / 2
      if comes(ranges[sessions[session].locked[middle]], before: range) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Tells whether a range comes before another of the same session, without touching it.
  private func comes(_ one: LockRange, before other: LockRange) -> Bool {
    if one.file != other.file { return one.file < other.file }
    if one.owner.client != other.owner.client { return one.owner.client < other.owner.client }
    if one.owner.process != other.owner.process { return one.owner.process < other.owner.process }
    return one.end < other.first
  }
}

extension LockRange {
  /// The same with other bounds, in no tree.
  fileprivate func with(first: UInt64, end: UInt64) -> LockRange {
    LockRange(file: file, owner: owner, handle: handle, kind: kind, first: first, end: end)
  }
}
