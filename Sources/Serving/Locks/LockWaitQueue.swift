/// Requests that wait, the one that arrived first in front (a heap).
struct LockWaitQueue {
  typealias Entry = (arrival: UInt64, wait: Int32)

  private var entries: [Entry] = []
  /// The number of requests added since ``takeAdded()``.
  private var added = 0

  mutating func add(_ wait: Int32, arrival: UInt64) {
    added += 1
    var place = entries.count
    entries.append((arrival: arrival, wait: wait))
    while place > 0 {
      let parent = (place - 1) / 2
      guard entries[place].arrival < entries[parent].arrival else { break }
      entries.swapAt(place, parent)
      place = parent
    }
  }

  mutating func takeFirst() -> Entry? {
    guard let last = entries.popLast() else { return nil }
    guard let first = entries.first else { return last }
    entries[0] = last
    var place = 0
    while true {
      var child = 2 * place + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1].arrival < entries[child].arrival { child += 1 }
      guard entries[child].arrival < entries[place].arrival else { break }
      entries.swapAt(place, child)
      place = child
    }
    return first
  }

  mutating func takeAdded() -> Int {
    defer { added = 0 }
    return added
  }
}
