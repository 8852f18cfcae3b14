import Glibc
import HelperHarness
import NinePHarness
import Synchronization
import Testing

@testable import Serving

/// What requests for locks cost beside those of a client that has thousands wait, withdraws them and asks again.
@Suite("Many requests that wait") struct LockAttackTests {
  private let name = Array("a".utf8)

  private func request(
    _ session: Int32, _ kind: LockKind, file: UInt64 = 0, _ first: UInt64 = 0, _ length: UInt64 = 1,
    process: UInt32 = 1, waits: Bool = false
  ) -> LockRequest {
    LockRequest(
      device: 1, inode: file, session: session, client: LockClient(name.span), process: process,
      handle: 1, kind: kind, first: first, end: first + length, waits: waits)
  }

  private func number(_ tag: UInt16) -> RequestTag {
    RequestTag(number: UInt64(tag))
  }

  /// How the requests come to wait.
  enum Queue: CaseIterable {
    /// Each wants what the others want.
    case exclusive
    /// Each but one in 64 would get its lock if those weren't before it.
    case mixed
    /// Each is of an owner that has locked something, and so keeps behind no other.
    case owners
  }

  /// Holds the first byte, and has that many requests wait for it.
  private func sessions(_ table: LockTable, _ queue: Queue, waiting count: Int) -> [Int32] {
    let holder = table.begin()
    #expect(table.set(request(holder, queue == .mixed ? .shared : .exclusive)) == .granted)
    let sessions = (0..<count / 64).map { _ in table.begin() }
    for session in sessions {
      for tag: UInt16 in 0..<64 {
        if queue == .owners {
          let own = request(session, .exclusive, 1000 + UInt64(session) * 64 + UInt64(tag), process: UInt32(tag))
          #expect(table.set(own) == .granted)
        }
        #expect(ask(table, session, tag, queue) == nil)
      }
    }
    return sessions
  }

  private func ask(_ table: LockTable, _ session: Int32, _ tag: UInt16, _ queue: Queue) -> LockResult? {
    let kind: LockKind = queue == .mixed && tag > 0 ? .shared : .exclusive
    let wish = request(session, kind, process: UInt32(tag), waits: true)
    return table.set(wish, heldAs: number(tag))
  }

  /// The median of the seconds that it takes to withdraw a request and to ask again.
  private func seconds(_ queue: Queue, waiting count: Int) -> Double {
    let table = LockTable()
    let sessions = sessions(table, queue, waiting: count)
    var times: [Double] = []
    for round in 0..<200 {
      let (session, tag) = (sessions[round * 7 % sessions.count], UInt16(1 + round * 5 % 63))
      let began = now()
      _ = table.withdraw(number(tag), of: session)
      _ = ask(table, session, tag, queue)
      times.append(now() - began)
    }
    return times.sorted()[times.count / 2]
  }

  @Test("to withdraw one of thousands costs about what it costs to withdraw one of a few", arguments: Queue.allCases)
  func withdrawal(queue: Queue) {
    let few = seconds(queue, waiting: 64)
    let many = seconds(queue, waiting: 2048)
    #expect(many < few * 8, "\(few), \(many)")
  }

  @Test(
    "another client's requests for locks wait for a few withdrawals at most, for another file and for the same",
    arguments: Queue.allCases)
  func besides(queue: Queue) throws {
    let table = LockTable()
    let sessions = sessions(table, queue, waiting: 2048)
    let other = table.begin()
    // Seconds of a lock, a test and an unlocking: the median of many.
    let measure: @Sendable (UInt64) -> Double = { file in
      var times: [Double] = []
      for _ in 0..<300 {
        let began = now()
        _ = table.set(request(other, .exclusive, file: file, 100))
        _ = table.conflict(with: request(other, .exclusive, file: file, 0))
        _ = table.set(request(other, .unlocked, file: file, 100))
        times.append(now() - began)
        usleep(100)
      }
      return times.sorted()[times.count / 2]
    }
    let alone = [measure(0), measure(1)]
    let figures = Mutex<[Double]>([])
    let isOver = Atomic(false)
    try inParallel(3) { index in
      if index == 0 {
        let besides = [measure(0), measure(1)]
        figures.withLock { $0 = besides }
        return isOver.store(true, ordering: .releasing)
      }
      var round = index
      while !isOver.load(ordering: .acquiring) {
        let (session, tag) = (sessions[round % sessions.count], UInt16(1 + round / sessions.count % 63))
        _ = table.withdraw(number(tag), of: session)
        _ = ask(table, session, tag, queue)
        round += 2
      }
    }
    for (one, besides) in zip(alone, figures.withLock { $0 }) {
      // All wait for one mutex, so it is some 60 times. Where each withdrawal looked at all that wait, thousands of times.
      #expect(besides < one * 500, "\(one), \(besides)")
    }
  }

  @Test("a request waits as long as another owner's lock or an earlier request is in its way, and no longer")
  func model() {
    let table = LockTable()
    let sessions = (0..<4).map { _ in table.begin() }
    var random = Random(seed: 5)
    var state = Model()
    for round in 0..<20_000 {
      let (session, process) = (random.below(4), random.below(3))
      let first = random.below(12)
      var wish = Wish(
        session: session, process: process, file: random.below(2), kind: random.below(5) < 2 ? 0 : 1,
        bytes: first..<first + 1 + random.below(4), tag: UInt16(truncatingIfNeeded: round))
      func request(waits: Bool) -> LockRequest {
        self.request(
          sessions[session], LockKind(rawValue: wish.kind) ?? .shared, file: UInt64(wish.file),
          UInt64(wish.bytes.lowerBound), UInt64(wish.bytes.count), process: UInt32(process), waits: waits)
      }
      switch random.below(10) {
      case 0..<5:
        let outcome = table.set(request(waits: true), heldAs: number(wish.tag))
        if outcome == .granted { state.lock(wish) }
        if outcome == nil { state.waits.append(wish) }
        #expect(outcome != .refused)
      case 5..<8:
        wish.kind = 2
        #expect(table.set(request(waits: false)) == .granted)
        state.lock(wish)
      case 8:
        let isFree = state.isFree(wish)
        #expect(table.set(request(waits: false)) == (isFree ? .granted : .blocked))
        if isFree { state.lock(wish) }
      default:
        guard let index = state.waits.indices.randomElement(using: &random) else { continue }
        let wait = state.waits.remove(at: index)
        #expect(table.withdraw(number(wait.tag), of: sessions[wait.session]) == nil)
      }
      for session in sessions {
        while let answer = table.takeAnswer(of: session) {
          guard let index = state.waits.firstIndex(where: { UInt64($0.tag) == answer.tag.number }) else {
            Issue.record("an answer to nothing")
            continue
          }
          state.lock(state.waits.remove(at: index))
        }
      }
      #expect(state.isSound, "round \(round)")
      #expect(state.areBlocked, "round \(round)")
    }
    for session in sessions { table.drop(session: session) }
    #expect(table.conflict(with: self.request(table.begin(), .exclusive, 0, 20)) == nil)
  }
}

private struct Wish {
  let session: Int
  let process: Int
  let file: Int
  /// As in the protocol: shared, exclusive, unlocked.
  var kind: UInt8
  let bytes: Range<Int>
  let tag: UInt16

  var owner: Int { session * 3 + process }
}

/// The locks of a few owners, and what waits, in the order of its arrival.
private struct Model {
  /// For each file, byte and owner.
  private var locks: [[[UInt8]]] = Array(
    repeating: Array(repeating: Array(repeating: 2, count: 12), count: 16), count: 2)
  var waits: [Wish] = []

  mutating func lock(_ wish: Wish) {
    for byte in wish.bytes { locks[wish.file][byte][wish.owner] = wish.kind }
  }

  func isFree(_ wish: Wish) -> Bool {
    wish.bytes.allSatisfy { byte in
      locks[wish.file][byte].enumerated().allSatisfy { owner, kind in
        owner == wish.owner || kind == 2 || kind == 0 && wish.kind == 0
      }
    }
  }

  /// Whether nobody's lock excludes another's.
  var isSound: Bool {
    locks.joined().allSatisfy { owners in
      let held = owners.count { $0 != 2 }
      return held < 2 || !owners.contains(1)
    }
  }

  /// Whether each that waits has a reason.
  var areBlocked: Bool {
    waits.indices.allSatisfy { index in
      let wish = waits[index]
      if !isFree(wish) { return true }
      let hasLocked = locks.joined().contains { $0[wish.owner] != 2 }
      return !hasLocked
        && waits[..<index].contains { other in
          other.file == wish.file && other.owner != wish.owner && other.bytes.overlaps(wish.bytes)
            && (other.kind == 1 || wish.kind == 1)
        }
    }
  }
}
