import Export
import NinePProtocol

/// A request that waits for a lock.
struct LockWait {
  /// The range that it is to lock.
  let range: Int32
  let writer: ReplyWriter
  /// Whether it keeps behind requests that have waited for longer.
  var queues: Bool
  // Its neighbours among the requests for the file.
  var previous: Int32
  var next = LockRanges.none
  /// The last search for a deadlock that has come here.
  var search: UInt32 = 0
}

// Requests that wait.
//
// They are granted in the order of their arrival, as far as they want the same bytes: one that is held keeps later ones
// behind it, so that one for an exclusive lock gets its turn among any number of shared ones. That holds for owners that
// have locked nothing: to have another one wait for a lock that nobody has could be the deadlock of it and of the one that
// it would be behind. Nor does it hold for requests that don't wait.
extension LockState {
  mutating func set(_ request: LockRequest, holdingFor writer: ReplyWriter?, _ replies: LockReplies?)
    -> LockTable.Outcome
  {
    let session = Int(request.session)
    if request.kind == .unlocked {
      guard let file = file(request), sessions[session].number(of: request.client) != nil else { return .granted }
      return apply(range(request, of: file), settling: file)
    }
    let file = addedFile(request)
    var isHeld = false
    defer { if !isHeld { forgetIfFree(file) } }
    var range = range(request, of: file)
    var queues = false
    if ranges.firstConflict(with: range, in: files[file].locked) == LockRanges.none {
      queues = request.waits && files[file].waitCount > 0 && !sessions[session].hasLocked(range.owner, in: ranges)
      if !queues || ranges.firstConflict(with: range, in: files[file].waiting) == LockRanges.none {
        let client = sessions[session].addedNumber(of: request.client)
        range = range.with(client: client)
        return apply(range, settling: file)
      }
    } else {
      queues = !sessions[session].hasLocked(range.owner, in: ranges)
    }
    guard request.waits else { return .blocked }
    if isDeadlock(range) { return .deadlock }
    guard let writer else { return .blocked }
    guard sessions[session].waits.count + sessions[session].answers.count < LockTable.mostHeldOfSession,
      files[file].waitCount < LockTable.mostHeldOfFile
    else { return .blocked }
    range = range.with(client: sessions[session].addedNumber(of: request.client))
    if sessions[session].replies == nil { sessions[session].replies = replies }
    hold(range, writer, queues: queues)
    isHeld = true
    return .held
  }

  private mutating func apply(_ range: LockRange, settling file: Int32) -> LockTable.Outcome {
    guard let isFreed = apply(range) else { return .refused }
    if isFreed { unsettle(file) }
    return .granted
  }

  private mutating func hold(_ range: LockRange, _ writer: ReplyWriter, queues: Bool) {
    let (session, file) = (Int(range.owner.session), range.file)
    let node = ranges.add(range)
    let wait = waits.add(LockWait(range: node, writer: writer, queues: queues, previous: files[file].lastWait))
    ranges.setWait(wait, of: node)
    sessions[session].take(range.owner.client)
    sessions[session].waits.append(wait)
    files[file].waiting = ranges.insert(node, into: files[file].waiting)
    if files[file].lastWait == LockRanges.none {
      files[file].firstWait = wait
    } else {
      waits[files[file].lastWait].next = wait
    }
    files[file].lastWait = wait
    files[file].waitCount += 1
    waitCount += 1
    sessions[session].replies?.count(held: 1)
  }

  /// Takes a request out of those that wait. Its range is in no tree.
  private mutating func forget(_ wait: Int32) {
    let it = waits[wait]
    let range = ranges[it.range]
    let (session, file) = (Int(range.owner.session), range.file)
    if it.previous == LockRanges.none {
      files[file].firstWait = it.next
    } else {
      waits[it.previous].next = it.next
    }
    if it.next == LockRanges.none {
      files[file].lastWait = it.previous
    } else {
      waits[it.next].previous = it.previous
    }
    files[file].waitCount -= 1
    waitCount -= 1
    sessions[session].waits.removeAll { $0 == wait }
    sessions[session].giveBack(range.owner.client)
    sessions[session].replies?.count(held: -1)
    ranges.forget(it.range)
    waits.remove(wait)
  }

  /// Has a session answer a request that was held.
  private mutating func answer(_ session: Int32, _ answer: LockAnswer) {
    sessions[Int(session)].answers.append(answer)
    sessions[Int(session)].replies?.count(held: 1, answers: 1)
  }

  mutating func takeAnswer(of session: Int32) -> LockAnswer? {
    guard !sessions[Int(session)].answers.isEmpty else { return nil }
    sessions[Int(session)].replies?.count(held: -1, answers: -1)
    return sessions[Int(session)].answers.removeFirst()
  }

  /// Grants requests for the next file of which something has become free. Their sessions' threads are woken up, but not
  /// that of the session that the caller answers for: it sends them itself.
  ///
  /// - Returns: whether there is no further such file.
  mutating func settleNext(for caller: Int32) -> Bool {
    guard let file = unsettled.popLast() else { return true }
    files[file].isUnsettled = false
    var isFreed = false
    // Those that go on waiting come back in their order, so that each sees those before it.
    files[file].waiting = LockRanges.none
    var next = files[file].firstWait
    while next != LockRanges.none {
      let wait = waits[next]
      let range = ranges[wait.range]
      if ranges.firstConflict(with: range, in: files[file].locked) != LockRanges.none
        || (wait.queues && ranges.firstConflict(with: range, in: files[file].waiting) != LockRanges.none)
      {
        files[file].waiting = ranges.insert(wait.range, into: files[file].waiting)
      } else {
        let freed = apply(range)
        isFreed = isFreed || freed ?? false
        // The session asks without the table's mutex whether it has requests that aren't answered: there is no moment when
        // this one is neither.
        answer(
          range.owner.session,
          LockAnswer(writer: wait.writer, result: freed == nil ? .error(.tooManyLocks) : .status(.success)))
        forget(next)
        if range.owner.session != caller { sessions[Int(range.owner.session)].replies?.wake() }
      }
      next = wait.next
    }
    unsettleOrForget(file, isFreed)
    return unsettled.isEmpty
  }

  /// Lets the requests of an owner that has locked something overtake others, see above.
  mutating func stopQueueing(_ owner: LockOwner) {
    for wait in sessions[Int(owner.session)].waits where waits[wait].queues {
      let range = ranges[waits[wait].range]
      guard range.owner == owner else { continue }
      waits[wait].queues = false
      unsettle(range.file)
    }
  }

  private mutating func unsettleOrForget(_ file: Int32, _ isFreed: Bool) {
    if isFreed { unsettle(file) } else { forgetIfFree(file) }
  }

  // MARK: Withdrawal

  func has(_ tag: Tag, of session: Int32) -> Bool {
    for wait in sessions[Int(session)].waits where waits[wait].writer.tag == tag { return true }
    for answer in sessions[Int(session)].answers where answer.writer.tag == tag { return true }
    return false
  }

  mutating func withdraw(_ tag: Tag, of session: Int32) -> LockAnswer? {
    for wait in sessions[Int(session)].waits where waits[wait].writer.tag == tag {
      withdraw(wait)
      return nil
    }
    let answers = sessions[Int(session)].answers
    guard let index = answers.firstIndex(where: { $0.writer.tag == tag }) else { return nil }
    sessions[Int(session)].replies?.count(held: -1, answers: -1)
    return sessions[Int(session)].answers.remove(at: index)
  }

  /// Answers the requests of a session that wait through a fid.
  mutating func withdrawAll(of session: Int32, through fid: Fid) {
    for wait in sessions[Int(session)].waits where ranges[waits[wait].range].fid == fid {
      let writer = waits[wait].writer
      withdraw(wait)
      answer(session, LockAnswer(writer: writer, result: .status(.blocked)))
    }
  }

  /// Forgets all requests of a session.
  mutating func withdrawAll(of session: Int32) {
    for wait in sessions[Int(session)].waits { withdraw(wait) }
    let count = sessions[Int(session)].answers.count
    sessions[Int(session)].replies?.count(held: -count, answers: -count)
    sessions[Int(session)].answers.removeAll()
  }

  private mutating func withdraw(_ wait: Int32) {
    let node = waits[wait].range
    let file = ranges[node].file
    files[file].waiting = ranges.remove(node, from: files[file].waiting)
    forget(wait)
    // Those behind it may go on.
    unsettle(file)
  }

  // MARK: Deadlocks

  /// The most locks that a search for a deadlock looks at. A longer circle is left for a flush to end.
  private static var mostSearched: Int { 2048 }

  /// Whether an owner that had to wait for a range would wait for itself: an owner of a lock that is in the way waits for
  /// a lock of its, or for one whose owner does, and so on.
  private mutating func isDeadlock(_ range: LockRange) -> Bool {
    guard waitCount > 0 else { return false }
    search &+= 1
    var toSearch = [range]
    var left = Self.mostSearched
    while let next = toSearch.popLast() {
      var owners: [LockOwner] = []
      _ = ranges.forEachConflict(with: next, in: files[next.file].locked) { node in
        let owner = ranges[node].owner
        if owners.last != owner { owners.append(owner) }
        left -= 1
        return left > 0 && owner != range.owner
      }
      for owner in owners {
        if owner == range.owner { return true }
        for wait in sessions[Int(owner.session)].waits where waits[wait].search != search {
          let waiting = ranges[waits[wait].range]
          guard waiting.owner == owner else { continue }
          waits[wait].search = search
          toSearch.append(waiting)
        }
      }
      if left <= 0 { return false }
    }
    return false
  }
}

extension LockRange {
  /// The same for a client whose name has this number.
  fileprivate func with(client: Int32) -> LockRange {
    LockRange(
      file: file, owner: LockOwner(session: owner.session, client: client, process: owner.process), fid: fid,
      kind: kind, first: first, end: end)
  }
}
