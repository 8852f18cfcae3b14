import Glibc
import HelperHarness
import NinePHarness
import Synchronization
import Testing

/// Requests that are held until a lock is free.
@Suite("Locks that are waited for", .everyTransport)
struct LockWaitTests {
  private let shared: UInt8 = 0
  private let exclusive: UInt8 = 1
  private let unlocked: UInt8 = 2
  private let success: UInt8 = 0
  private let blocked: UInt8 = 1

  /// A client with fids 1 and 2 open on a file, and fid 3 on another.
  private func served(beside other: Served? = nil) throws -> Served {
    let served = try Served(beside: other)
    if other == nil { for name in ["file", "other"] { served.write("", to: name) } }
    try begin(served)
    return served
  }

  private func begin(_ served: Served) throws {
    try served.client.start()
    for (fid, name): (UInt32, String) in [(1, "file"), (2, "file"), (3, "other")] {
      try served.client.done(.walk(0, fid, name))
      try served.client.done(.open(fid, 2))
    }
  }

  private func lock(_ served: Served, _ message: NinePMessage) throws -> UInt8 {
    try served.client.done(message).all[0]
  }

  /// Sends a request that waits, and sees that it does.
  private func wait(_ served: Served, _ message: NinePMessage, tag: UInt16) throws {
    served.client.send(message.frame(tag: tag))
    try served.client.done(.status(1))
  }

  private func expectAnswer(_ served: Served, tag: UInt16, _ status: UInt8) throws {
    let answer = try #require(served.client.receive())
    #expect(answer.tag == tag)
    #expect(answer.body.all == [status])
  }

  /// That nothing is said but the answer to this.
  private func expectSilence(_ served: Served) throws {
    usleep(20_000)
    try served.client.done(.status(1))
  }

  @Test("an owner that has locked something meanwhile isn't kept behind a request that waits for it")
  func queueing() throws {
    let one = try served()
    let (queued, late) = (try served(beside: one), try served(beside: one))
    #expect(try lock(one, .lock(1, exclusive, 0, 1, process: 1)) == success)
    try wait(queued, .lock(1, exclusive, flags: 1, 0, 10, process: 2), tag: 5)
    // Nobody has locked this byte, but a request waits for it.
    try wait(late, .lock(1, exclusive, flags: 1, 5, 1, process: 3), tag: 6)
    late.client.send(NinePMessage.lock(3, exclusive, 0, 0, process: 3).frame(tag: 7))
    let answers = [try #require(late.client.receive()), try #require(late.client.receive())]
    #expect(answers.map(\.tag).sorted() == [6, 7] && answers.allSatisfy { $0.body.all == [success] })
  }

  @Test("no lock is granted behind the reply to its flush")
  func flushRace() throws {
    let one = try served()
    let other = try served(beside: one)
    for round in 0..<4000 {
      #expect(try lock(one, .lock(1, exclusive, 0, 1, process: 1)) == success)
      try wait(other, .lock(1, exclusive, flags: 1, 0, 1, process: 2), tag: 7)
      one.client.send(NinePMessage.lock(1, unlocked, 0, 1, process: 1).frame(tag: 1))
      for _ in 0..<round % 40 { sched_yield() }
      other.client.send(NinePMessage.flush(7).frame(tag: 9) + NinePMessage.status(1).frame(tag: 3))
      var tags: [UInt16] = []
      while tags.last != 3 { tags.append(try #require(other.client.receive()).tag) }
      try #require(tags == [9, 3] || tags == [7, 9, 3], "round \(round): \(tags)")
      #expect(one.client.receive()?.tag == 1)
      if tags.count == 3 { #expect(try lock(other, .lock(1, unlocked, 0, 1, process: 2)) == success) }
    }
  }

  @Test("a process of the same client is answered when the other lets go")
  func sameClient() throws {
    let one = try served()
    #expect(try lock(one, .lock(1, exclusive, 0, 10, process: 1)) == success)
    try wait(one, .lock(2, exclusive, flags: 1, 0, 5, process: 2), tag: 5)
    // Others than the unlocking are answered before it.
    #expect(try lock(one, .lock(1, unlocked, 5, 5, process: 1)) == success)
    #expect(try lock(one, .lock(1, unlocked, 0, 5, process: 1)) == success)
    try expectAnswer(one, tag: 5, success)
    #expect(try lock(one, .lock(1, shared, 0, 5, process: 1)) == blocked)
    // Clunking what it was locked by lets go too.
    one.client.send(NinePMessage.lock(1, exclusive, flags: 1, process: 1).frame(tag: 6))
    try one.client.done(.clunk(2))
    try expectAnswer(one, tag: 6, success)
  }

  @Test("another client is answered when the lock is let go, however that is")
  func otherClient() throws {
    let one = try served()
    let other = try served(beside: one)
    let ways: [(Served) throws -> Void] = [
      { try $0.client.done(.lock(1, 2)) },
      { try $0.client.done(.lock(1, 0)) },
      { try $0.client.done(.lock(1, 2, 5, 1)) },
      { try $0.client.done(.clunk(1)) },
      { try $0.client.agree() },
      { $0.client.hangUp() },
    ]
    for (tag, way) in ways.enumerated() {
      let holder = try served(beside: one)
      #expect(try lock(holder, .lock(1, exclusive)) == success)
      try wait(other, .lock(1, shared, flags: 1, 5, 1), tag: UInt16(100 + tag))
      let began = now()
      try way(holder)
      try expectAnswer(other, tag: UInt16(100 + tag), success)
      #expect(now() - began < 1)
      #expect(try lock(other, .lock(1, unlocked)) == success)
    }
  }

  @Test("a request that waits is withdrawn by a flush: there is no lock, and its tag is free")
  func flush() throws {
    let one = try served()
    let other = try served(beside: one)
    #expect(try lock(one, .lock(1, exclusive)) == success)
    try wait(other, .lock(1, exclusive, flags: 1), tag: 5)
    // The tag is in use as long as it waits.
    let busy = try other.client.call(.status(1), tag: 5)
    #expect(busy.type == 7 && busy.body.u32(0) == UInt32(EBUSY))
    try other.client.done(.flush(5))
    #expect(try other.client.call(.status(1), tag: 5).type == 25)
    #expect(try lock(one, .lock(1, unlocked)) == success)
    try expectSilence(other)
    #expect(try lock(one, .lock(1, exclusive)) == success)
  }

  @Test("a request that waits goes with its fid, its version and its connection")
  func withdrawal() throws {
    let one = try served()
    let other = try served(beside: one)
    let third = try served(beside: one)
    #expect(try lock(one, .lock(1, exclusive)) == success)
    // With its fid: it is told to ask again, as the protocol wants an answer.
    try wait(other, .lock(2, exclusive, flags: 1), tag: 5)
    try other.client.done(.clunk(2))
    try expectAnswer(other, tag: 5, blocked)
    try wait(other, .lock(1, exclusive, flags: 1), tag: 6)
    try begin(other)
    try wait(third, .lock(1, exclusive, flags: 1), tag: 7)
    third.client.hangUp()
    let last = try served(beside: one)
    try wait(last, .lock(1, exclusive, flags: 1), tag: 8)
    #expect(try lock(one, .lock(1, unlocked)) == success)
    try expectAnswer(last, tag: 8, success)
    try expectSilence(other)
    #expect(try lock(last, .lock(1, unlocked)) == success)
    #expect(try lock(one, .lock(1, exclusive)) == success)
  }

  @Test("requests are granted in the order of their arrival, so that shared ones don't keep an exclusive one out")
  func order() throws {
    let one = try served()
    let (writer, reader, last) = (try served(beside: one), try served(beside: one), try served(beside: one))
    #expect(try lock(one, .lock(1, shared)) == success)
    try wait(writer, .lock(1, exclusive, flags: 1), tag: 5)
    try wait(reader, .lock(1, shared, flags: 1), tag: 5)
    try wait(last, .lock(1, exclusive, flags: 1), tag: 5)
    // Those that don't wait aren't held back, nor is an owner that has a lock already.
    #expect(try lock(reader, .lock(2, shared, process: 2)) == success)
    #expect(try lock(reader, .lock(2, shared, flags: 1, process: 2)) == success)
    #expect(try lock(reader, .lock(2, unlocked, process: 2)) == success)
    #expect(try lock(one, .lock(1, unlocked)) == success)
    try expectAnswer(writer, tag: 5, success)
    for served in [reader, last] { try expectSilence(served) }
    #expect(try lock(writer, .lock(1, unlocked)) == success)
    try expectAnswer(reader, tag: 5, success)
    try expectSilence(last)
  }

  @Test("a request overtakes those that want other bytes, and those that wait for its owner")
  func overtaking() throws {
    let one = try served()
    let (writer, reader, last) = (try served(beside: one), try served(beside: one), try served(beside: one))
    #expect(try lock(one, .lock(1, exclusive, 0, 10)) == success)
    try wait(writer, .lock(1, exclusive, flags: 1, 0, 20), tag: 5)
    try wait(reader, .lock(1, shared, flags: 1, 15, 1), tag: 5)
    #expect(try lock(last, .lock(1, exclusive, flags: 1, 20, 10)) == success)
    // To wait behind one that waits for it would be a deadlock.
    #expect(try lock(one, .lock(1, exclusive, flags: 1, 15, 1)) == success)
    #expect(try lock(one, .lock(1, unlocked)) == success)
    try expectAnswer(writer, tag: 5, success)
    try expectSilence(reader)
    #expect(try lock(writer, .lock(1, unlocked)) == success)
    try expectAnswer(reader, tag: 5, success)
  }

  @Test("one that gives its place up lets those behind it go on")
  func placeGivenUp() throws {
    let one = try served()
    let (writer, reader) = (try served(beside: one), try served(beside: one))
    #expect(try lock(one, .lock(1, shared)) == success)
    try wait(writer, .lock(1, exclusive, flags: 1), tag: 5)
    try wait(reader, .lock(1, shared, flags: 1), tag: 5)
    try writer.client.done(.flush(5))
    try expectAnswer(reader, tag: 5, success)
  }

  @Test("the request that would close a circle of those who wait fails with EDEADLK")
  func deadlock() throws {
    let one = try served()
    let (other, third) = (try served(beside: one), try served(beside: one))
    #expect(try lock(one, .lock(1, exclusive, 0, 1)) == success)
    #expect(try lock(other, .lock(1, exclusive, 1, 1)) == success)
    #expect(try lock(third, .lock(3, exclusive)) == success)
    try wait(one, .lock(1, shared, flags: 1, 1, 1), tag: 5)
    try wait(other, .lock(3, shared, flags: 1), tag: 5)
    #expect(try third.client.failure(.lock(1, exclusive, flags: 1, 0, 1)) == EDEADLK)
    // Another process of that client isn't part of it.
    try wait(third, .lock(1, exclusive, flags: 1, 0, 1, process: 2), tag: 6)
    #expect(try lock(third, .lock(3, unlocked)) == success)
    try expectAnswer(other, tag: 5, success)
    #expect(try lock(other, .lock(1, unlocked)) == success)
    try expectAnswer(one, tag: 5, success)
    #expect(try lock(one, .lock(1, unlocked)) == success)
    try expectAnswer(third, tag: 6, success)
  }

  @Test("a lock that can't be had for the number of ranges is answered with ENOLCK")
  func limit() throws {
    let one = try served()
    let other = try served(beside: one)
    #expect(try lock(one, .lock(3, exclusive)) == success)
    try wait(other, .lock(3, exclusive, flags: 1), tag: 5)
    for index: UInt64 in 0..<1024 { try other.client.done(.lock(1, exclusive, index * 2, 1)) }
    #expect(try lock(one, .lock(3, unlocked)) == success)
    let answer = try #require(other.client.receive())
    #expect(answer.tag == 5 && answer.type == 7 && answer.body.u32(0) == UInt32(ENOLCK))
    #expect(try lock(one, .lock(3, exclusive)) == success)
  }

  @Test("nobody waits after a flush, a new version, or as one too many")
  func noLongerWaiting() throws {
    let one = try served()
    let other = try served(beside: one)
    #expect(try lock(other, .lock(1, exclusive, process: 1)) == success)
    for tag: UInt16 in 100..<164 {
      one.client.send(NinePMessage.lock(2, exclusive, flags: 1, process: UInt32(tag)).frame(tag: tag))
    }
    #expect(try lock(one, .lock(2, exclusive, flags: 1, process: 2)) == blocked)
    for tag: UInt16 in 101..<164 { try one.client.done(.flush(tag)) }
    #expect(try lock(other, .lock(1, unlocked, process: 1)) == success)
    try expectAnswer(one, tag: 100, success)
    try wait(one, .lock(1, exclusive, flags: 1, process: 1), tag: 5)
    try begin(one)
    #expect(try lock(one, .lock(1, exclusive, process: 3)) == success)
  }

  @Test("who doesn't read its answers holds up nobody who lets go")
  func unread() throws {
    let one = try served()
    let other = try served(beside: one)
    #expect(try lock(one, .lock(1, exclusive)) == success)
    try wait(other, .lock(1, exclusive, flags: 1), tag: 5)
    // More replies than its socket has room for.
    var sent = 0
    let frames = (0..<64).flatMap { _ in NinePMessage.status(1).frame(tag: 9) }
    while true {
      let count = other.client.offer(frames[(sent % frames.count)...])
      if count == 0 {
        usleep(100_000)
        if other.client.offer(frames[(sent % frames.count)...]) == 0 { break }
        continue
      }
      sent += count
    }
    let began = now()
    #expect(try lock(one, .lock(1, unlocked)) == success)
    #expect(now() - began < 1)
  }

  @Test("many clients want one lock, and change their minds: one has it at a time, and no tag is answered twice")
  func race() throws {
    let first = try served()
    let all = [first] + (try (0..<5).map { _ in try served(beside: first) })
    let state = RaceState()
    try inParallel(all.count) { index in
      let client = all[index].client
      var random = Random(seed: UInt64(index) + 1)
      for round in 0..<150 {
        let tag = UInt16(1000 + round)
        client.send(NinePMessage.lock(1, 1, flags: 1).frame(tag: tag))
        // Flushed by half of them, at any moment.
        let isFlushed = random.below(2) == 0
        if isFlushed {
          if random.below(2) == 0 { usleep(UInt32(random.below(300))) }
          client.send(NinePMessage.flush(tag).frame(tag: 7))
        }
        var isGranted = false
        var isDone = false
        while !isDone {
          guard let answer = client.receive() else { throw HarnessError("no answer") }
          switch answer.tag {
          case tag:
            guard !isGranted, answer.body.all == [0] else { throw HarnessError("answered with \(answer)") }
            isGranted = true
            isDone = !isFlushed
          case 7: isDone = true
          default: throw HarnessError("an answer with tag \(answer.tag)")
          }
        }
        guard isGranted else { continue }
        try state.enter()
        if random.below(4) == 0 { usleep(UInt32(random.below(200))) }
        state.leave()
        _ = try client.done(.lock(1, 2))
      }
    }
    #expect(state.count > 100)
    // Nothing is left.
    let last = try served(beside: first)
    #expect(try lock(last, .lock(1, exclusive)) == success)
  }
}

/// Sees that one is there at a time.
private final class RaceState: Sendable {
  private let isTaken = Atomic(false)
  private let entries = Atomic(0)

  var count: Int { entries.load(ordering: .relaxed) }

  func enter() throws {
    guard !isTaken.exchange(true, ordering: .acquiringAndReleasing) else { throw HarnessError("two have the lock") }
    entries.add(1, ordering: .relaxed)
  }

  func leave() { isTaken.store(false, ordering: .releasing) }
}
