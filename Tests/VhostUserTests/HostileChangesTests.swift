import CLinux
import Glibc
import Linux
import SystemPackage
import Synchronization
import Testing
import VhostHarness

@testable import VhostUser

/// Guests whose memory changes while it is read.
@Suite struct HostileChangesTests {
  /// Parts of a ring that are each other's, or the buffers': whatever comes of it, nothing else is written.
  @Test(arguments: [(0, 0, 0), (0, 2048, 2048), (0, 2048, 2050), (2048, 2048, 0), (0, 16, 32), (64, 0, 8)])
  func partsThatOverlap(descriptors: Int, available: Int, used: Int) throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let memory = GuestMemoryFile(size: 1 << 16)
    let ring = GuestRing(memory: memory)
    #expect(echo.frontEnd.start(ring))
    _ = echo.frontEnd.stop()
    let parts = [descriptors, used, available].map { memory.userAddress + UInt64($0) }
    #expect(echo.frontEnd.acknowledged(9, VhostFrontEnd.state(0, 0) + VhostFrontEnd.bytes(parts + [0])))
    let canary = [UInt8](repeating: 0x5a, count: 1 << 15)
    memory.write(canary, at: 1 << 15)
    for seed in 0..<64 {
      for offset in stride(from: 0, to: 4096, by: 16) {
        let place = memory.guestAddress + UInt64((offset * 7 + seed * 64) & 0x3fff)
        memory.write(
          VhostFrontEnd.bytes(place) + VhostFrontEnd.bytes(UInt32(64)) + VhostFrontEnd.bytes(UInt16(seed & 3))
            + VhostFrontEnd.bytes(UInt16(seed)), at: offset)
      }
      guard echo.frontEnd.acknowledged(12, VhostFrontEnd.bytes(UInt64(0)), descriptors: [ring.kick]),
        echo.frontEnd.acknowledged(18, VhostFrontEnd.state(0, 1))
      else { break }
      ring.kickOnce()
      usleep(500)
      guard echo.frontEnd.stop() != nil else { break }
    }
    #expect(memory.read(canary.count, at: 1 << 15) == canary)
    _ = echo.finish()
  }

  /// Two threads change descriptors, tables and the available ring while the server reads them. Nothing is written but what a
  /// descriptor at some time said was writable, and the server lives.
  @Test(.timeLimit(.minutes(3))) func descriptorsThatFlip() throws {
    let before = OpenDescriptors.count
    let memory = GuestMemoryFile(size: 1 << 20)
    let (writable, canary) = (1 << 18, 1 << 19)
    let untouched = [UInt8](repeating: 0x5a, count: 1 << 18)
    memory.write(untouched, at: canary)
    var connections = 0
    let start = time(nil)
    while time(nil) - start < 6 {
      connections += 1
      let echo = try Echo()
      echo.frontEnd.begin()
      let ring = GuestRing(size: 16, memory: memory)
      memory.write([UInt8](repeating: 0, count: 4096), at: 0)
      guard echo.frontEnd.start(ring) else {
        Issue.record("the ring wasn't started")
        break
      }
      let flippers = try (0..<2).map { try Flipper(ring, writable: writable, seed: UInt64(connections * 2 + $0)) }
      for round in 0..<2000 {
        ring.submit(UInt16(round % 16))
        if round % 16 == 15 { usleep(50) }
        if round % 100 == 0, echo.queue.fault != nil { break }
      }
      for flipper in flippers { flipper.finish() }
      _ = echo.finish()
    }
    #expect(memory.read(untouched.count, at: canary) == untouched)
    #expect(connections > 3)
    #expect(OpenDescriptors.count == before + 1)
  }
}

/// A thread that changes descriptors of a ring, and of a table of descriptors, all the time.
private final class Flipper: Sendable {
  private let isOver = Atomic(false)
  private let thread = Mutex<Thread.Running?>(nil)

  private struct Guest: @unchecked Sendable {
    let ring: GuestRing
  }

  init(_ ring: GuestRing, writable: Int, seed: UInt64) throws(Errno) {
    let guest = Guest(ring: ring)
    let running = try Thread.begin {
      var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
      while !self.isOver.load(ordering: .relaxed) {
        for _ in 0..<64 {
          state ^= state << 13
          state ^= state >> 7
          state ^= state << 17
          Self.flip(guest.ring, writable, state)
        }
      }
    }
    var begun: Thread.Running? = consume running
    thread.withLock { $0 = begun.take() }
  }

  /// Writes one descriptor. The address, length and kind are stored one after the other, so that a reader may see some of
  /// each: those of readable ones and of writable ones are such that any mixture is writable nowhere else.
  private static func flip(_ ring: GuestRing, _ writable: Int, _ random: UInt64) {
    let table = ring.data
    let index = Int(random & 15)
    let kinds: [UInt16] = [0, 1, 2, 3, 4, 1, 2, 1]
    let flags = kinds[Int(random >> 8 & 7)]
    let address = ring.address(writable) + (random >> 16 & 0xffff)
    let count = UInt32(random >> 33 & 0x3fff)
    let next = UInt16(random >> 50 & 31)
    if flags == 4 {
      // Tables are where nothing writable is.
      ring.setDescriptor(index, address: ring.address(table), count: UInt32(random >> 20 & 15) * 16, flags: flags)
    } else if random >> 62 & 1 == 0 {
      ring.setIndirect(index, ofTableAt: table, address: address, count: count, flags: flags & 3, next: next & 15)
    } else {
      ring.setDescriptor(index, address: address, count: count, flags: flags, next: next & 15)
    }
  }

  func finish() {
    isOver.store(true, ordering: .releasing)
    if let running = thread.withLock({ $0.take() }) { running.join() }
  }
}
