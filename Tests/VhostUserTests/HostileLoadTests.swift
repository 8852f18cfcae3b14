import CLinux
import Glibc
import Linux
import Synchronization
import Testing
import VhostHarness

@testable import VhostUser

/// Much at once, for long, and changes meanwhile.
@Suite struct HostileLoadTests {
  /// A queue that is made larger and smaller again must not have requests of numbers that it hasn't.
  @Test func theSizeChangesThereAndBack() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(size: 64, memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    #expect(ring.exchange([1], room: 1) == [1])
    #expect(echo.frontEnd.stop() == 1)
    #expect(echo.frontEnd.acknowledged(8, VhostFrontEnd.state(0, 128)))
    #expect(echo.frontEnd.start(ring, base: 1))
    _ = echo.frontEnd.stop()
    #expect(echo.frontEnd.acknowledged(8, VhostFrontEnd.state(0, 128)))
    #expect(echo.frontEnd.acknowledged(8, VhostFrontEnd.state(0, 64)))
    echo.held.isHolding = true
    #expect(echo.frontEnd.start(ring, base: 1))
    // The same descriptor again and again, and never an answer.
    for _ in 0..<64 { ring.submit(0) }
    for _ in 0..<1000 where echo.held.tokens.count < 64 { usleep(1000) }
    #expect(echo.held.tokens.count == 64)
    ring.submit(0)
    #expect(echo.frontEnd.isClosed)
    #expect(echo.finish().ending == .ring(.availableIndex))
  }

  /// A smaller queue that becomes a larger one has room for as many requests as it says.
  @Test func aLargerQueueHasRoomForAll() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let memory = GuestMemoryFile(size: 1 << 20)
    let small = GuestRing(size: 64, memory: memory)
    let large = GuestRing(size: 128, memory: memory)
    #expect(echo.frontEnd.start(large))
    _ = echo.frontEnd.stop()
    #expect(echo.frontEnd.start(small))
    _ = echo.frontEnd.stop()
    memory.write([UInt8](repeating: 0, count: 8192), at: 0)
    #expect(echo.frontEnd.start(large))
    echo.held.isHolding = true
    large.setDescriptor(0, address: large.address(large.data), count: 1)
    for _ in 0..<128 { large.submit(0) }
    for _ in 0..<2000 where echo.held.tokens.count < 128 { usleep(1000) }
    #expect(echo.held.tokens.count == 128)
    #expect(echo.finish().ending == .closed)
  }

  /// Replies are kept while the machine is paused, but not without end.
  @Test(.timeLimit(.minutes(1)), arguments: [true, false])
  func lateRepliesAreBounded(isReset: Bool) throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 2 << 20))
    #expect(echo.frontEnd.start(ring))
    echo.held.isHolding = true
    ring.setDescriptor(0, address: ring.address(ring.data), count: 1, flags: GuestRing.next, next: 1)
    ring.setDescriptor(1, address: ring.address(ring.data + 4096), count: 1 << 20, flags: GuestRing.write)
    for _ in 0..<8 { ring.submit(0) }
    for _ in 0..<1000 where echo.held.tokens.count < 8 { usleep(1000) }
    #expect(echo.frontEnd.stop() == 8)
    let done = Done()
    let tokens = echo.held.tokens.map(\.0)
    let thread = try Linux.Thread.begin { [queue = echo.queue] in
      let reply = [UInt8](repeating: 7, count: 400_000)
      for token in tokens {
        queue.complete(token, with: reply.span)
        done.count.add(1, ordering: .releasing)
      }
    }
    usleep(200_000)
    #expect(done.count.load(ordering: .acquiring) == 2)
    #expect(ring.usedIndex == 0)
    if isReset {
      #expect(echo.frontEnd.acknowledged(34, []))
      thread.join()
      #expect(ring.usedIndex == 0)
    } else {
      echo.held.isHolding = false
      #expect(echo.frontEnd.start(ring, base: 8))
      thread.join()
      for _ in 0..<8 { #expect(ring.takeUsed()?.count == 400_000) }
    }
    _ = echo.finish()
  }

  private final class Done: Sendable {
    let count = Atomic(0)
  }

  /// A connection that ends while replies wait to be kept.
  @Test(.timeLimit(.minutes(1))) func theEndFreesLateReplies() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    echo.held.isHolding = true
    for _ in 0..<2 { ring.submit(0) }
    for _ in 0..<1000 where echo.held.tokens.count < 2 { usleep(1000) }
    _ = echo.frontEnd.stop()
    let tokens = echo.held.tokens.map(\.0)
    let thread = try Linux.Thread.begin { [queue = echo.queue] in
      let reply = [UInt8](repeating: 7, count: 2 << 20)
      for token in tokens { queue.complete(token, with: reply.span) }
    }
    usleep(50_000)
    _ = echo.finish()
    thread.join()
  }

  @Test(.timeLimit(.minutes(1))) func aRingThatIsStoppedUnderLoad() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    let load = try Load(ring)
    for _ in 0..<200 {
      usleep(500)
      guard let base = echo.frontEnd.stop() else { break }
      // What it has done it has answered.
      #expect(ring.usedIndex == UInt16(truncatingIfNeeded: base))
      #expect(echo.frontEnd.start(ring, base: base))
    }
    let (sent, answered) = load.finish()
    #expect(sent == answered)
    #expect(sent > 10)
    #expect(echo.finish().ending == .closed)
  }

  @Test(.timeLimit(.minutes(1))) func aDeviceThatIsResetUnderLoad() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    for round in 0..<200 {
      for _ in 0..<4 { ring.submit(0) }
      #expect(echo.frontEnd.acknowledged(34, []))
      if round % 2 == 0 { _ = echo.frontEnd.stop() }
      let next = UInt32(truncatingIfNeeded: ring.submitted)
      _ = echo.frontEnd.stop()
      #expect(echo.frontEnd.start(ring, base: next))
    }
    ring.skipUsed()
    #expect(ring.exchange([3], room: 1) == [3])
    #expect(echo.finish().ending == .closed)
  }

  /// In either order, and with the kick before both.
  @Test(arguments: [true, false]) func aKickBeforeTheRingIsEnabledIsNotLost(enableComesFirst: Bool) throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    #expect(echo.frontEnd.stop() == 0)
    ring.setDescriptor(0, address: ring.address(ring.data), count: 1, flags: GuestRing.next, next: 1)
    ring.setDescriptor(1, address: ring.address(ring.data + 64), count: 1, flags: GuestRing.write)
    if enableComesFirst { #expect(echo.frontEnd.acknowledged(18, VhostFrontEnd.state(0, 1))) }
    ring.submit(0)
    usleep(20_000)
    #expect(echo.frontEnd.acknowledged(12, VhostFrontEnd.bytes(UInt64(0)), descriptors: [ring.kick]))
    if !enableComesFirst {
      usleep(20_000)
      #expect(ring.usedIndex == 0)
      #expect(echo.frontEnd.acknowledged(18, VhostFrontEnd.state(0, 1)))
    }
    #expect(ring.takeUsed()?.count == 1)
    _ = echo.finish()
  }

  /// A guest that kicks all the time for nothing takes little of a processor.
  @Test func kicksForNothingCostLittle() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    #expect(ring.exchange([1], room: 1) == [1])
    let waits = WaitCount.ofThisProcess
    for _ in 0..<500 {
      ring.kickOnce()
      usleep(1000)
    }
    // Each time it sleeps it is woken once, and not by each kick.
    #expect(WaitCount.ofThisProcess - waits < 20_000)
    #expect(ring.exchange([2], room: 1) == [2])
    _ = echo.finish()
  }

  private enum WaitCount {
    /// How often threads have slept.
    static var ofThisProcess: Int {
      var usage = rusage()
      getrusage(0, &usage)
      return usage.ru_nvcsw
    }
  }

  /// POSTERN_REQUESTS says how many; memory and descriptors stay what they are.
  @Test func manyRequestsLeaveNothing() throws {
    let count = getenv("POSTERN_REQUESTS").flatMap { Int(String(cString: $0)) } ?? 1_000_000
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    let together = 64
    for index in 0..<together {
      let place = ring.data + 128 * index
      ring.memory.write([UInt8(index), 1, 2, 3], at: place)
      ring.setDescriptor(
        2 * index, address: ring.address(place), count: 4, flags: GuestRing.next, next: UInt16(2 * index + 1))
      ring.setDescriptor(2 * index + 1, address: ring.address(place + 64), count: 4, flags: GuestRing.write)
    }
    var (memory, descriptors) = (0, 0)
    var done: UInt16 = 0
    for round in 0..<(count / together) {
      for index in 0..<together { ring.submit(UInt16(2 * index), kicking: index == together - 1) }
      done &+= UInt16(together)
      var waits = 0
      while ring.usedIndex != done, waits < 10_000_000 {
        sched_yield()
        waits += 1
      }
      guard ring.usedIndex == done else {
        Issue.record("no answer in round \(round)")
        break
      }
      if round == 1000 { (memory, descriptors) = (Self.residentPages, OpenDescriptors.count) }
    }
    // Other tests may run beside.
    #expect(Self.residentPages - memory < 2048)
    #expect(OpenDescriptors.count == descriptors)
    #expect(ring.memory.read(4, at: ring.data + 128 * 63 + 64) == [63, 1, 2, 3])
    _ = echo.finish()
  }

  private static var residentPages: Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 100)
    guard fgets(&line, 100, file) != nil else { return 0 }
    // The second number.
    var end = strchr(line, 32)
    return end.map { strtol($0, &end, 10) } ?? 0
  }
}
