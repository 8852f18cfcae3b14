// Requests that wait.
//
// They are granted in the order of their arrival, as far as they want the same bytes: one that is held keeps later ones
// behind it, so that one for an exclusive lock gets its turn among any number of shared ones. That holds for owners that
// have locked nothing: to have another one wait for a lock that nobody has could be the deadlock of it and of the one that
// it would be behind. Nor does it hold for requests that don't wait.
extension LockState {
  mutating func set(_ request: LockRequest, heldAs tag: RequestTag?, for signal: LockSignal?) -> LockResult? {
    let session = Int(request.session)
    if request.kind == .unlocked {
      guard let file = file(request), sessions[session].number(of: request.client) != nil else { return .granted }
      defer { forgetIfFree(file) }
      return apply(range(request, of: file)) ? .granted : .refused
    }
    let file = addedFile(request)
    defer { forgetIfFree(file) }
    var range = range(request, of: file)
    var queues = false
    if ranges.firstConflict(with: range, in: files[file].locked) == LockRanges.none {
      queues = request.waits && files[file].waitCount > 0 && !sessions[session].hasLocked(range.owner, in: ranges)
      if !queues || ranges.firstConflict(with: range, in: files[file].waiting) == LockRanges.none {
        let client = sessions[session].addedNumber(of: request.client)
        range = range.with(client: client)
        return apply(range) ? .granted : .refused
      }
    } else {
      queues = !sessions[session].hasLocked(range.owner, in: ranges)
    }
    guard request.waits else { return .blocked }
    if isDeadlock(range) { return .deadlock }
    guard let tag else { return .blocked }
    guard sessions[session].waits.count + sessions[session].answers.count < LockTable.mostHeldOfSession,
      files[file].waitCount < LockTable.mostHeldOfFile
    else { return .blocked }
    range = range.with(client: sessions[session].addedNumber(of: request.client))
    if sessions[session].signal == nil { sessions[session].signal = signal }
    hold(range, as: tag, queues: queues)
    return nil
  }

  private mutating func hold(_ range: LockRange, as tag: RequestTag, queues: Bool) {
    let (session, file) = (Int(range.owner.session), range.file)
    arrivals += 1
    var range = range
    range.arrival = arrivals
    let node = ranges.add(range)
    let wait = waits.add(LockWait(range: node, tag: tag, queues: queues, arrival: arrivals))
    sessions[session].take(range.owner.client)
    sessions[session].waits.append(wait)
    sessions[session].signal?.count(held: 1)
    files[file].waiting = ranges.insert(node, into: files[file].waiting)
    files[file].waitCount += 1
    waitCount += 1
    block(wait, by: blocker(of: wait))
  }

  /// Removes a request that waits, whose range is in no tree and has no blocker.
  private mutating func forget(_ wait: Int32) {
    let node = waits[wait].range
    let range = ranges[node]
    let (session, file) = (Int(range.owner.session), range.file)
    files[file].waitCount -= 1
    waitCount -= 1
    sessions[session].waits.removeAll { $0 == wait }
    sessions[session].giveBack(range.owner.client)
    sessions[session].signal?.count(held: -1)
    unblock(behind: node)
    ranges.forget(node)
    waits[wait].arrival = 0
    waits.remove(wait)
    forgetIfFree(file)
  }

  /// Adds the answer to a request that was held.
  private mutating func add(_ answer: LockAnswer, to session: Int32) {
    sessions[Int(session)].answers.append(answer)
    sessions[Int(session)].signal?.count(held: 1, answers: 1)
  }

  mutating func takeAnswer(of session: Int32) -> LockAnswer? {
    guard !sessions[Int(session)].answers.isEmpty else { return nil }
    sessions[Int(session)].signal?.count(held: -1, answers: -1)
    return sessions[Int(session)].answers.removeFirst()
  }

  // MARK: Blockers

  /// Finds a range that blocks a request: a random one of those that do, and another request's rather than a lock's.
  ///
  /// So each range blocks few requests, whatever a client does: in a queue for the same bytes most have different requests
  /// as blockers, and few the lock that all of them wait for.
  private func blocker(of wait: Int32) -> Int32 {
    let range = ranges[waits[wait].range]
    if waits[wait].queues {
      let found = ranges.anyEarlierConflict(with: range, in: files[range.file].waiting)
      if found != LockRanges.none { return found }
    }
    return ranges.anyEarlierConflict(with: range, in: files[range.file].locked)
  }

  private mutating func block(_ wait: Int32, by node: Int32) {
    let next = ranges[node].firstBlocked
    waits[wait].blocker = node
    waits[wait].previous = LockRanges.none
    waits[wait].next = next
    if next != LockRanges.none { waits[next].previous = wait }
    ranges.setFirstBlocked(wait, of: node)
  }

  /// Removes a request's blocker.
  private mutating func unblock(_ wait: Int32) {
    let it = waits[wait]
    guard it.blocker != LockRanges.none else { return }
    waits[wait].blocker = LockRanges.none
    if it.next != LockRanges.none { waits[it.next].previous = it.previous }
    if it.previous != LockRanges.none {
      waits[it.previous].next = it.next
    } else {
      ranges.setFirstBlocked(it.next, of: it.blocker)
    }
  }

  /// Removes a range as blocker, and has the requests looked at that it blocked.
  mutating func unblock(behind node: Int32) {
    var next = ranges[node].firstBlocked
    while next != LockRanges.none {
      let wait = waits[next]
      waits[next].blocker = LockRanges.none
      unsettled.add(next, arrival: wait.arrival)
      next = wait.next
    }
    ranges.setFirstBlocked(LockRanges.none, of: node)
  }

  /// The number of requests that are looked at under one lock of the mutex, so that other threads don't wait for all of them.
  private static var mostSettled: Int { 64 }

  /// Looks at requests without a known blocker, and grants those that have none. Wakes their sessions' threads, except
  /// for the caller's session: the caller sends these answers itself.
  ///
  /// A caller looks at as many requests as it has unblocked, but not at those that others unblock meanwhile.
  ///
  /// - Parameters:
  ///   - owed: the number of requests that the caller has unblocked and not looked at.
  ///   - caller: its session.
  /// - Returns: the number that is left for the caller.
  mutating func settleSome(_ owed: Int, for caller: Int32) -> Int {
    var owed = owed + unsettled.takeAdded()
    for _ in 0..<Self.mostSettled {
      guard owed > 0, let entry = unsettled.takeFirst() else { break }
      // It may have ended meanwhile, or may be there twice.
      if waits.has(entry.wait), waits[entry.wait].arrival == entry.arrival,
        waits[entry.wait].blocker == LockRanges.none
      {
        settle(entry.wait, for: caller)
      }
      owed += unsettled.takeAdded() - 1
    }
    return owed
  }

  private mutating func settle(_ wait: Int32, for caller: Int32) {
    let node = blocker(of: wait)
    guard node == LockRanges.none else { return block(wait, by: node) }
    let range = ranges[waits[wait].range]
    files[range.file].waiting = ranges.remove(waits[wait].range, from: files[range.file].waiting)
    waits[wait].queues = false
    let isApplied = apply(range)
    // The session asks without the table's mutex whether it has requests that aren't answered: there is no moment when
    // this one is neither.
    add(LockAnswer(tag: waits[wait].tag, result: isApplied ? .granted : .refused), to: range.owner.session)
    forget(wait)
    if range.owner.session != caller { sessions[Int(range.owner.session)].signal?.wake() }
  }

  /// Lets the requests of an owner that has locked something overtake others, see above.
  mutating func stopQueueing(_ owner: LockOwner) {
    for wait in sessions[Int(owner.session)].waits where waits[wait].queues {
      let range = ranges[waits[wait].range]
      guard range.owner == owner else { continue }
      waits[wait].queues = false
      unblock(wait)
      unsettled.add(wait, arrival: waits[wait].arrival)
    }
  }

  // MARK: Withdrawal

  func has(_ tag: RequestTag, of session: Int32) -> Bool {
    for wait in sessions[Int(session)].waits where waits[wait].tag == tag { return true }
    for answer in sessions[Int(session)].answers where answer.tag == tag { return true }
    return false
  }

  mutating func withdraw(_ tag: RequestTag, of session: Int32) -> LockAnswer? {
    for wait in sessions[Int(session)].waits where waits[wait].tag == tag {
      withdraw(wait)
      return nil
    }
    let answers = sessions[Int(session)].answers
    guard let index = answers.firstIndex(where: { $0.tag == tag }) else { return nil }
    sessions[Int(session)].signal?.count(held: -1, answers: -1)
    return sessions[Int(session)].answers.remove(at: index)
  }

  /// Answers a session's requests that wait through a handle with ``LockResult/blocked``.
  mutating func withdrawAll(of session: Int32, through handle: UInt64) {
    for wait in sessions[Int(session)].waits where ranges[waits[wait].range].handle == handle {
      let tag = waits[wait].tag
      withdraw(wait)
      add(LockAnswer(tag: tag, result: .blocked), to: session)
    }
  }

  /// Removes all requests of a session, with the answers that aren't sent.
  mutating func withdrawAll(of session: Int32) {
    for wait in sessions[Int(session)].waits { withdraw(wait) }
    let count = sessions[Int(session)].answers.count
    sessions[Int(session)].signal?.count(held: -count, answers: -count)
    sessions[Int(session)].answers.removeAll()
  }

  private mutating func withdraw(_ wait: Int32) {
    let node = waits[wait].range
    let file = ranges[node].file
    files[file].waiting = ranges.remove(node, from: files[file].waiting)
    unblock(wait)
    forget(wait)
  }
}

extension LockRange {
  /// The same for a client whose name has this number.
  fileprivate func with(client: Int32) -> LockRange {
    LockRange(
      file: file, owner: LockOwner(session: owner.session, client: client, process: owner.process), handle: handle,
      kind: kind, first: first, end: end)
  }
}
