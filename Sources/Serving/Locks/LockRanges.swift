/// A range that is locked, or that a request waits to lock.
struct LockRange {
  /// The number of the file in the table.
  let file: Int32
  let owner: LockOwner
  /// The client's number of the open file that it is locked through.
  let handle: UInt64
  let kind: LockKind
  let first: UInt64
  /// The byte after the last, or the largest number if the range reaches to the end of the file.
  let end: UInt64
  /// The arrival number of the request that waits, from 1; 0 if the range is locked.
  var arrival: UInt64 = 0
  /// The first of the requests that it blocks.
  fileprivate(set) var firstBlocked = LockRanges.none

  // Its place in a tree.
  fileprivate var left = LockRanges.none
  fileprivate var right = LockRanges.none
  fileprivate var priority: UInt32 = 0
  /// The largest end of it and all ranges below it, and the largest end of the exclusive ones; 0 if there is none.
  fileprivate var reach: UInt64 = 0
  fileprivate var exclusiveReach: UInt64 = 0
  /// The earliest arrival of it and all ranges below it.
  fileprivate var earliest: UInt64 = 0

  init(file: Int32, owner: LockOwner, handle: UInt64, kind: LockKind, first: UInt64, end: UInt64) {
    self.file = file
    self.owner = owner
    self.handle = handle
    self.kind = kind
    self.first = first
    self.end = end
  }

  func conflicts(with other: LockRange) -> Bool {
    first < other.end && other.first < end && (kind == .exclusive || other.kind == .exclusive) && owner != other.owner
  }
}

/// The ranges of all files, in interval trees. A tree is in the order of the ranges' first bytes, and each node has the
/// largest end of the ranges below it: the time to find a conflict grows with the logarithm of the number of ranges, and
/// with the number of ranges of the same owner.
///
/// Priorities that no client can guess keep the trees flat (treaps).
struct LockRanges {
  private var slots = Slots<LockRange>()
  private var made = 0

  /// No node: an empty tree.
  static let none: Int32 = -1

  subscript(node: Int32) -> LockRange { slots[node] }

  /// Adds a range, without putting it into a tree.
  mutating func add(_ range: LockRange) -> Int32 {
    var range = range
    made &+= 1
    range.priority = UInt32(truncatingIfNeeded: made.hashValue)
    return slots.add(range)
  }

  /// Removes a range that is in no tree.
  mutating func forget(_ node: Int32) { slots.remove(node) }

  mutating func setFirstBlocked(_ wait: Int32, of node: Int32) { slots[node].firstBlocked = wait }

  /// Inserts a range into a tree.
  ///
  /// - Returns: the tree's new root.
  mutating func insert(_ node: Int32, into root: Int32) -> Int32 {
    if root == Self.none || slots[node].priority > slots[root].priority {
      let (left, right) = split(root, before: node)
      slots[node].left = left
      slots[node].right = right
      refresh(node)
      return node
    }
    if comes(node, before: root) {
      let left = insert(node, into: slots[root].left)
      slots[root].left = left
    } else {
      let right = insert(node, into: slots[root].right)
      slots[root].right = right
    }
    refresh(root)
    return root
  }

  /// Removes a range from its tree.
  ///
  /// - Returns: the tree's new root.
  mutating func remove(_ node: Int32, from root: Int32) -> Int32 {
    guard root != Self.none else { return root }
    if root == node { return merge(slots[node].left, with: slots[node].right) }
    if comes(node, before: root) {
      let left = remove(node, from: slots[root].left)
      slots[root].left = left
    } else {
      let right = remove(node, from: slots[root].right)
      slots[root].right = right
    }
    refresh(root)
    return root
  }

  /// Finds the first range in a tree that conflicts with a range.
  ///
  /// - Returns: its node, or ``none``.
  func firstConflict(with range: LockRange, in root: Int32) -> Int32 {
    var found = Self.none
    _ = forEachConflict(with: range, in: root) { node in
      found = node
      return false
    }
    return found
  }

  /// Calls `body` with each range in a tree that conflicts with a range, until it returns false.
  ///
  /// - Returns: false if `body` did.
  func forEachConflict(with range: LockRange, in root: Int32, body: (Int32) -> Bool) -> Bool {
    guard root != Self.none else { return true }
    let node = slots[root]
    // Shared ranges aren't in each other's way.
    guard (range.kind == .exclusive ? node.reach : node.exclusiveReach) > range.first else { return true }
    guard forEachConflict(with: range, in: node.left, body: body) else { return false }
    guard node.first < range.end else { return true }
    if node.conflicts(with: range), !body(root) { return false }
    return forEachConflict(with: range, in: node.right, body: body)
  }

  /// Finds a range of a tree that conflicts with a range and arrived before it. Of several it is a random one: the node with
  /// the highest priority, which no client can guess.
  ///
  /// - Returns: its node, or ``none``.
  func anyEarlierConflict(with range: LockRange, in root: Int32) -> Int32 {
    var found = Self.none
    find(&found, with: range, in: root)
    return found
  }

  private func find(_ found: inout Int32, with range: LockRange, in root: Int32) {
    guard root != Self.none else { return }
    let node = slots[root]
    guard found == Self.none || node.priority > slots[found].priority, node.earliest < range.arrival,
      (range.kind == .exclusive ? node.reach : node.exclusiveReach) > range.first
    else { return }
    if node.arrival < range.arrival, node.conflicts(with: range) {
      // All below have lower priorities.
      found = root
      return
    }
    find(&found, with: range, in: node.left)
    if node.first < range.end { find(&found, with: range, in: node.right) }
  }

  private func comes(_ node: Int32, before other: Int32) -> Bool {
    let (first, second) = (slots[node].first, slots[other].first)
    return first == second ? node < other : first < second
  }

  /// Splits a tree into the ranges that come before a range, and the others.
  private mutating func split(_ root: Int32, before node: Int32) -> (left: Int32, right: Int32) {
    guard root != Self.none else { return (root, root) }
    if comes(root, before: node) {
      let (left, right) = split(slots[root].right, before: node)
      slots[root].right = left
      refresh(root)
      return (root, right)
    }
    let (left, right) = split(slots[root].left, before: node)
    slots[root].left = right
    refresh(root)
    return (left, root)
  }

  /// Merges two trees. All ranges of the first come before those of the second.
  private mutating func merge(_ left: Int32, with right: Int32) -> Int32 {
    guard left != Self.none else { return right }
    guard right != Self.none else { return left }
    if slots[left].priority > slots[right].priority {
      let below = merge(slots[left].right, with: right)
      slots[left].right = below
      refresh(left)
      return left
    }
    let below = merge(left, with: slots[right].left)
    slots[right].left = below
    refresh(right)
    return right
  }

  private mutating func refresh(_ node: Int32) {
    let range = slots[node]
    var reach = range.end
    var exclusiveReach = range.kind == .exclusive ? range.end : 0
    var earliest = range.arrival
    if range.left != Self.none {
      earliest = min(earliest, slots[range.left].earliest)
      reach = max(reach, slots[range.left].reach)
      exclusiveReach = max(exclusiveReach, slots[range.left].exclusiveReach)
    }
    if range.right != Self.none {
      earliest = min(earliest, slots[range.right].earliest)
      reach = max(reach, slots[range.right].reach)
      exclusiveReach = max(exclusiveReach, slots[range.right].exclusiveReach)
    }
    slots[node].reach = reach
    slots[node].exclusiveReach = exclusiveReach
    slots[node].earliest = earliest
  }
}
