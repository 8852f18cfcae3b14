import Glibc
import HelperHarness
import Testing

@testable import Serving

/// What a request for a lock costs beside the locks of many others.
@Suite("Many locks") struct LockScaleTests {
  private let name = Array("a".utf8)

  private func request(
    _ session: Int32, _ kind: LockKind, file: UInt64 = 0, _ first: UInt64 = 0, _ length: UInt64 = 1,
    process: UInt32 = 1, waits: Bool = false
  ) -> LockRequest {
    LockRequest(
      device: 1, inode: file, session: session, client: LockClient(name.span), process: process,
      handle: 1, kind: kind, first: first, end: first + length, waits: waits)
  }

  /// Seconds for one of each: a request that is blocked, one that is granted, and its unlocking; one that is held and
  /// granted; and the end of a session.
  private func seconds(clients: Int, locks: Int, files: Bool) -> [Double] {
    let table = LockTable()
    let sessions = (0..<clients).map { _ in table.begin() }
    func position(_ client: Int, _ lock: Int) -> (file: UInt64, first: UInt64) {
      let number = UInt64(lock * clients + client)
      return files ? (number, 0) : (0, number * 2)
    }
    for lock in 0..<locks {
      for (client, session) in sessions.enumerated() {
        let at = position(client, lock)
        #expect(table.set(request(session, .exclusive, file: at.file, at.first)) == .granted)
      }
    }
    let other = table.begin()
    let tag = RequestTag(number: UInt64(9))
    var times: [[Double]] = Array(repeating: [], count: 5)
    func time(_ index: Int, _ body: () -> Void) {
      let began = now()
      body()
      times[index].append(now() - began)
    }
    for round in 0..<100 {
      let (client, lock) = (round % clients, round * 7 % locks)
      let at = position(client, lock)
      time(0) { #expect(table.set(request(other, .shared, file: at.file, at.first)) == .blocked) }
      time(1) { #expect(table.set(request(other, .exclusive, file: at.file, at.first + 1)) == .granted) }
      time(2) { #expect(table.set(request(other, .unlocked, file: at.file, at.first + 1)) == .granted) }
      time(3) {
        let wish = request(other, .exclusive, file: at.file, at.first, waits: true)
        #expect(table.set(wish, heldAs: tag) == nil)
        #expect(table.set(request(sessions[client], .unlocked, file: at.file, at.first)) == .granted)
        #expect(table.takeAnswer(of: other) != nil)
        #expect(table.set(request(other, .unlocked, file: at.file, at.first)) == .granted)
        #expect(table.set(request(sessions[client], .exclusive, file: at.file, at.first)) == .granted)
      }
    }
    for session in sessions.prefix(5) { time(4) { table.drop(session: session) } }
    return times.map { $0.min() ?? 0 }
  }

  @Test("a hundred times as many clients cost a request about as much", arguments: [false, true])
  func clients(files: Bool) {
    let few = seconds(clients: 10, locks: 100, files: files)
    let many = seconds(clients: 1000, locks: 100, files: files)
    for (index, (one, other)) in zip(few, many).enumerated() {
      // Looking at all of them would take a hundred times as long.
      #expect(other < one * 10 + 0.000_1, "\(index): \(one), \(other)")
    }
  }

  @Test("a lock that a thousand clients wait for passes on within milliseconds")
  func queue() {
    let table = LockTable()
    let sessions = (0..<1000).map { _ in table.begin() }
    let tag = RequestTag(number: UInt64(9))
    #expect(table.set(request(sessions[0], .exclusive)) == .granted)
    for session in sessions.dropFirst() {
      #expect(table.set(request(session, .exclusive, waits: true), heldAs: tag) == nil)
    }
    var times: [Double] = []
    for index in 0..<100 {
      let began = now()
      #expect(table.set(request(sessions[index], .unlocked)) == .granted)
      times.append(now() - began)
      #expect(table.takeAnswer(of: sessions[index + 1]) != nil)
    }
    // A build with checks takes a multiple of what others do.
    #expect(times.sorted()[50] < 0.05, "\(times.sorted()[50])")
  }

  @Test("no more requests wait for a file than are looked at in a moment")
  func mostOfFile() {
    let table = LockTable()
    let holder = table.begin()
    #expect(table.set(request(holder, .exclusive)) == .granted)
    var held = 0
    for number: UInt16 in 0..<3000 {
      let session = number % 50 == 0 ? table.begin() : holder + 1 + Int32(number / 50)
      let tag = RequestTag(number: UInt64(number))
      let outcome = table.set(request(session, .exclusive, process: UInt32(number), waits: true), heldAs: tag)
      #expect(outcome == nil || outcome == .blocked)
      if outcome == nil { held += 1 }
    }
    #expect(held == LockTable.mostHeldOfFile)
  }

  @Test("what many requests say together is what a simple table says")
  func model() {
    let table = LockTable()
    let sessions = (0..<3).map { _ in table.begin() }
    var random = Random(seed: 7)
    /// For each session, process and byte.
    var bytes: [[[UInt8]]] = Array(repeating: Array(repeating: Array(repeating: 2, count: 16), count: 2), count: 3)
    let probe = table.begin()
    for _ in 0..<2000 {
      let (session, process) = (random.below(3), random.below(2))
      let first = random.below(15)
      let length = 1 + random.below(min(6, 16 - first))
      let kind = UInt8(random.below(3))
      var isFree = true
      for byte in first..<first + length {
        for (index, processes) in bytes.enumerated() {
          for (other, held) in processes.enumerated() where index != session || other != process {
            if kind != 2, held[byte] != 2, kind == 1 || held[byte] == 1 { isFree = false }
          }
        }
      }
      let wish = request(
        sessions[session], LockKind(rawValue: kind) ?? .shared, UInt64(first), UInt64(length),
        process: UInt32(process))
      #expect((table.conflict(with: wish) == nil) == isFree || kind == 2)
      #expect(table.set(wish) == (isFree ? .granted : .blocked))
      if isFree { for byte in first..<first + length { bytes[session][process][byte] = kind } }
      for byte in 0..<16 {
        let isTaken = bytes.joined().contains { $0[byte] != 2 }
        #expect((table.conflict(with: request(probe, .exclusive, UInt64(byte))) != nil) == isTaken)
      }
    }
    for session in sessions { table.drop(session: session) }
    #expect(table.conflict(with: request(probe, .exclusive, 0, 16)) == nil)
  }
}
