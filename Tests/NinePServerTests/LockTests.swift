import Glibc
import HelperHarness
import NinePHarness
import Testing

/// Locks of processes on one client and on several.
@Suite("Locks", .everyTransport)
struct LockTests {
  private let shared: UInt8 = 0
  private let exclusive: UInt8 = 1
  private let unlocked: UInt8 = 2
  private let success: UInt8 = 0
  private let blocked: UInt8 = 1

  private func served(beside other: Served? = nil) throws -> Served {
    let served = try Served(beside: other)
    if other == nil { served.write("", to: "file") }
    try served.client.start()
    for fid: UInt32 in [1, 2] {
      try served.client.done(.walk(0, fid, "file"))
      try served.client.done(.open(fid, 2))
    }
    return served
  }

  private func lock(_ served: Served, _ message: NinePMessage) throws -> UInt8 {
    try served.client.done(message).all[0]
  }

  /// Kind, start, length and process of what is in the way.
  private func test(_ served: Served, _ message: NinePMessage) throws -> [UInt64?] {
    let body = try served.client.done(message)
    return [UInt64(body.all[0]), body.u64(1), body.u64(9), body.u32(17).map { UInt64($0) }]
  }

  @Test("a process's locks keep others out, on the same client and on another, and not itself")
  func exclusion() throws {
    let one = try served()
    let other = try served(beside: one)
    #expect(try lock(one, .lock(1, exclusive, 10, 10, process: 7)) == success)
    #expect(try lock(one, .lock(2, exclusive, 0, 100, process: 7)) == success)
    #expect(try lock(one, .lock(1, shared, 99, 1, process: 8)) == blocked)
    #expect(try lock(other, .lock(1, shared, 99, 1, process: 7)) == blocked)
    #expect(try lock(other, .lock(1, exclusive, 0, 0, process: 7)) == blocked)
    #expect(try lock(other, .lock(1, exclusive, 100, 0, process: 7)) == success)
    #expect(try test(other, .getLock(1, unlocked, 0, 0, process: 7)) == [1, 0, 100, 7])
    #expect(try test(other, .getLock(1, shared, 100, 0, process: 7)) == [2, 100, 0, 7])
    #expect(try test(one, .getLock(1, shared, 0, 0, process: 7)) == [1, 100, 0, 7])
  }

  @Test("locks for reading go together")
  func sharing() throws {
    let one = try served()
    for process: UInt32 in 1...3 { #expect(try lock(one, .lock(1, shared, process: process)) == success) }
    #expect(try lock(one, .lock(1, exclusive, process: 1)) == blocked)
    for process: UInt32 in 2...3 { #expect(try lock(one, .lock(1, unlocked, process: process)) == success) }
    #expect(try lock(one, .lock(1, exclusive, process: 1)) == success)
  }

  @Test("a range is cut out of a lock, and becomes one of another kind")
  func cutting() throws {
    let one = try served()
    #expect(try lock(one, .lock(1, exclusive, 0, 100, process: 1)) == success)
    #expect(try lock(one, .lock(1, unlocked, 40, 20, process: 1)) == success)
    #expect(try lock(one, .lock(1, shared, 0, 10, process: 1)) == success)
    func free(_ kind: UInt8, _ start: UInt64, _ length: UInt64) throws -> Bool {
      try test(one, .getLock(1, kind, start, length, process: 2))[0] == 2
    }
    #expect(try free(exclusive, 40, 20))
    #expect(try !free(exclusive, 39, 1))
    #expect(try !free(exclusive, 60, 1))
    #expect(try !free(shared, 10, 1))
    #expect(try free(shared, 0, 10))
    #expect(try !free(exclusive, 9, 1))
    #expect(try free(exclusive, 100, 0))
    #expect(try lock(one, .lock(1, unlocked, 0, 0, process: 1)) == success)
    #expect(try free(exclusive, 0, 0))
  }

  @Test("what was locked by a fid goes with it, and what by a connection with that")
  func release() throws {
    let one = try served()
    #expect(try lock(one, .lock(1, exclusive, 0, 10, process: 1)) == success)
    #expect(try lock(one, .lock(2, exclusive, 20, 10, process: 1)) == success)
    let other = try served(beside: one)
    try one.client.done(.clunk(1))
    #expect(try lock(other, .lock(1, exclusive, 0, 10)) == success)
    #expect(try lock(other, .lock(1, exclusive, 20, 10)) == blocked)
    #expect(one.ending() == .closed)
    #expect(try lock(other, .lock(1, exclusive, 20, 10)) == success)
    let third = try served(beside: other)
    #expect(try lock(third, .lock(1, exclusive)) == blocked)
    try other.client.start()
    #expect(try lock(third, .lock(1, exclusive)) == success)
  }

  @Test("two names of a client are two owners, and none gets in its own way")
  func clients() throws {
    let one = try served()
    #expect(try lock(one, .lock(1, exclusive, process: 1, client: "a")) == success)
    #expect(try lock(one, .lock(1, exclusive, process: 1, client: "b")) == blocked)
    #expect(try lock(one, .lock(1, shared, process: 1, client: String(repeating: "a", count: 65))) == blocked)
    #expect(try test(one, .getLock(1, unlocked, process: 1, client: "b")) == [1, 0, 0, 1])
    #expect(try lock(one, .lock(1, unlocked, process: 1, client: "b")) == success)
    #expect(try lock(one, .lock(2, exclusive, process: 1, client: "a")) == success)
    let long = String(repeating: "n", count: 200)
    #expect(try lock(one, .lock(1, unlocked, process: 1, client: "a")) == success)
    #expect(try lock(one, .lock(1, exclusive, process: 1, client: long + "a")) == success)
    #expect(try lock(one, .lock(1, exclusive, process: 1, client: long + "b")) == blocked)
  }

  @Test("ranges of an owner that touch become one, if they are of one kind and fid")
  func merging() throws {
    let one = try served()
    func found(_ start: UInt64) throws -> [UInt64?] {
      try test(one, .getLock(1, exclusive, start, 1, process: 2))
    }
    #expect(try lock(one, .lock(1, exclusive, 10, 10, process: 1)) == success)
    #expect(try lock(one, .lock(1, exclusive, 30, 10, process: 1)) == success)
    #expect(try lock(one, .lock(1, exclusive, 20, 10, process: 1)) == success)
    #expect(try found(39) == [1, 10, 30, 1])
    #expect(try lock(one, .lock(1, shared, 40, 10, process: 1)) == success)
    #expect(try lock(one, .lock(2, exclusive, 0, 10, process: 1)) == success)
    #expect(try found(15) == [1, 10, 30, 1])
    #expect(try found(45) == [0, 40, 10, 1])
    #expect(try found(5) == [1, 0, 10, 1])
    #expect(try lock(one, .lock(1, exclusive, 15, 0, process: 1)) == success)
    #expect(try found(1 << 40) == [1, 10, 0, 1])
    #expect(try lock(one, .lock(1, unlocked, 20, 1, process: 1)) == success)
    #expect(try found(10) == [1, 10, 10, 1])
    #expect(try found(20)[0] == 2)
    #expect(try found(21) == [1, 21, 0, 1])
  }

  @Test("an untrusted user locks by what the file is open for")
  func access() throws {
    let one = try served()
    try one.client.done(.walk(0, 3, "file"))
    try one.client.done(.open(3, 0))
    try one.client.done(.walk(0, 4, "file"))
    try one.client.done(.open(4, 1))
    #expect(try one.client.failure(.lock(3, exclusive)) == EBADF)
    #expect(try one.client.failure(.lock(3, exclusive, flags: 1)) == EBADF)
    #expect(try one.client.failure(.lock(4, shared)) == EBADF)
    #expect(try lock(one, .lock(3, shared)) == success)
    #expect(try lock(one, .lock(4, exclusive)) == success)
    #expect(try lock(one, .lock(3, unlocked)) == success)
    try one.client.done(.walk(0, 5))
    try one.client.done(.open(5))
    #expect(try one.client.failure(.lock(5, exclusive)) == EBADF)
    #expect(try lock(one, .lock(5, shared)) == success)
  }

  @Test(
    "flock(2) of a trusted machine may lock exclusively what is open for reading",
    .enabled(if: geteuid() == 0, "needs root: users are as claimed"))
  func trustedAccess() throws {
    let one = try Served(authority: .trusted)
    one.write("", to: "file")
    try one.client.start(user: 0)
    try one.client.done(.walk(0, 1, "file"))
    try one.client.done(.open(1, 0))
    #expect(try lock(one, .lock(1, exclusive)) == success)
    try one.client.done(.walk(0, 2, "file"))
    try one.client.done(.open(2, 1))
    #expect(try lock(one, .lock(2, shared)) == success)
  }

  @Test("ranges, flags and kinds that there aren't, and files that aren't open")
  func refused() throws {
    let one = try served()
    try one.client.done(.walk(0, 3, "file"))
    #expect(try one.client.failure(.lock(3, exclusive)) == EBADF)
    #expect(try one.client.failure(.getLock(3, exclusive)) == EBADF)
    #expect(try one.client.failure(.lock(1, 3)) == EINVAL)
    #expect(try one.client.failure(.lock(1, exclusive, flags: 2)) == EINVAL)
    for (start, length): (UInt64, UInt64) in [(.max, 0), (1 << 63, 1), (1, .max), (.max, .max), (1, 1 << 63)] {
      #expect(try one.client.failure(.lock(1, exclusive, start, length)) == EINVAL, "\(start) \(length)")
      #expect(try one.client.failure(.getLock(1, exclusive, start, length)) == EINVAL, "\(start) \(length)")
    }
    #expect(
      try lock(one, .lock(1, exclusive, (1 << 63) - 1, 1, client: String(repeating: "c", count: 5000))) == success)
    let other = try served(beside: one)
    #expect(try other.client.done(.getLock(1, exclusive)).u16(21) == 64)
    #expect(try other.client.failure(.getLock(1, exclusive, 0, 1, client: String(repeating: "c", count: 9000))) != 0)
  }

  @Test("so many ranges and no more, also where an unlocking cuts")
  func limit() throws {
    let one = try served()
    var count: UInt64 = 0
    while try one.client.failure(.lock(1, exclusive, count * 4, 3)) == 0, count < 5000 { count += 1 }
    #expect(count == 1024)
    #expect(try one.client.failure(.lock(1, exclusive, count * 4, 1)) == ENOLCK)
    #expect(try one.client.failure(.lock(1, exclusive, count * 4, 1, process: 2)) == ENOLCK)
    // Nothing has changed then.
    #expect(try one.client.failure(.lock(1, unlocked, 1, 1)) == ENOLCK)
    #expect(try one.client.failure(.lock(1, shared, 1, 1)) == ENOLCK)
    #expect(try test(one, .getLock(1, exclusive, 1, 1, process: 2)) == [1, 0, 3, 1])
    // What takes no further place is done.
    #expect(try lock(one, .lock(1, unlocked, 0, 1)) == success)
    #expect(try lock(one, .lock(1, exclusive, 3, 1)) == success)
    #expect(try lock(one, .lock(1, unlocked, 2, 1)) == success)
    #expect(try one.client.failure(.lock(1, unlocked, 5, 1)) == ENOLCK)
    try one.client.done(.lock(1, unlocked))
    try one.client.done(.lock(1, exclusive, count * 4, 1))
  }
}
