// Deadlocks.
extension LockState {
  /// The number of locks and requests that a search looks at. A longer circle is left for a flush to end.
  private static var mostSearched: Int { 8192 }

  /// Tells whether an owner that waits for a range would wait for itself: the owner of a lock in the way waits for a lock
  /// of this owner, or of another one that does, and so on.
  mutating func isDeadlock(_ range: LockRange) -> Bool {
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
        left -= sessions[Int(owner.session)].waits.count
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
