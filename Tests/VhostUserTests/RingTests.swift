import CLinux
import Glibc
import Testing
import VhostHarness

@testable import VhostUser

/// A device that behaves, and guests that do.
@Suite struct RingTests {
  @Test func answersRequests() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    for count in [1, 7, 4096, 100_000] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      #expect(ring.exchange(bytes, room: count) == bytes)
    }
    #expect(echo.finish().ending == .closed)
  }

  @Test func aRequestThatIsThereBeforeTheRingStartsIsAnswered() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    ring.memory.write([1, 2, 3], at: ring.data)
    ring.setDescriptor(0, address: ring.address(ring.data), count: 3, flags: GuestRing.next, next: 1)
    ring.setDescriptor(1, address: ring.address(ring.data + 64), count: 3, flags: GuestRing.write)
    ring.submit(0, kicking: false)
    #expect(echo.frontEnd.start(ring))
    let used = ring.takeUsed()
    #expect(used?.count == 3)
    _ = echo.finish()
  }

  @Test func indirectDescriptorsAndScatteredBuffers() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
    let table = ring.data + 8192
    ring.memory.write(bytes, at: ring.data)
    // Readable in three pieces, writable in four, one of which is empty.
    for (index, piece) in [(0, 100), (100, 1), (101, 199)].enumerated() {
      ring.setIndirect(
        index, ofTableAt: table, address: ring.address(ring.data + piece.0), count: UInt32(piece.1),
        flags: GuestRing.next, next: UInt16(index + 1))
    }
    for (index, piece) in [(0, 5), (5, 0), (5, 95), (100, 200)].enumerated() {
      ring.setIndirect(
        index + 3, ofTableAt: table, address: ring.address(ring.data + 4096 + piece.0), count: UInt32(piece.1),
        flags: GuestRing.write | (index < 3 ? GuestRing.next : 0), next: UInt16(index + 4))
    }
    ring.setDescriptor(9, address: ring.address(table), count: 7 * 16, flags: GuestRing.indirect)
    ring.submit(9)
    let used = ring.takeUsed()
    #expect(used?.head == 9)
    #expect(used?.count == 300)
    #expect(ring.memory.read(300, at: ring.data + 4096) == bytes)
    _ = echo.finish()
  }

  @Test func theConfigurationSpaceIsPaddedAndReadOnly() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    echo.frontEnd.send(
      24, VhostFrontEnd.state(0, 64) + VhostFrontEnd.bytes(UInt32(0)) + [UInt8](repeating: 0, count: 64))
    let reply = echo.frontEnd.receive(of: 24)
    #expect(reply.map { Array($0.dropFirst(12)) } == [3, 0, 97, 98, 99] + [UInt8](repeating: 0, count: 59))
    #expect(!echo.frontEnd.acknowledged(25, VhostFrontEnd.state(0, 1) + VhostFrontEnd.bytes(UInt32(0)) + [7]))
    _ = echo.finish()
  }

  /// A virtual machine that is paused and goes on: nothing is lost, and the ring goes on where it stopped.
  @Test func stopsAndGoesOn() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    #expect(ring.exchange([1], room: 8) == [1])
    #expect(echo.frontEnd.stop() == 1)
    // Not before it goes on.
    ring.memory.write([2], at: ring.data)
    ring.submit(0)
    #expect(ring.takeUsed(milliseconds: 100) == nil)
    #expect(echo.frontEnd.start(ring, base: 1))
    #expect(ring.takeUsed()?.count == 1)
    #expect(ring.exchange([3], room: 8) == [3])
    #expect(echo.finish().resets == 0)
  }

  /// A request that is under way while the machine is paused, such as one that waits for a lock, is answered afterwards.
  @Test func aReplyWhileTheRingIsStoppedWaits() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    echo.held.isHolding = true
    #expect(ring.exchange([5, 6], room: 8, milliseconds: 100) == nil)
    #expect(echo.held.tokens.count == 1)
    #expect(echo.frontEnd.stop() == 1)
    let (token, bytes) = echo.held.tokens.removeFirst()
    echo.queue.complete(token, with: bytes.span)
    #expect(ring.takeUsed(milliseconds: 100) == nil)
    #expect(echo.frontEnd.start(ring, base: 1))
    #expect(ring.takeUsed()?.count == 2)
    _ = echo.finish()
  }

  /// A guest that boots anew starts its ring at 0: what the last one waited for isn't for it.
  @Test func aReplyOfBeforeAResetIsDropped() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    echo.held.isHolding = true
    #expect(ring.exchange([5], room: 8, milliseconds: 100) == nil)
    #expect(echo.frontEnd.stop() == 1)
    #expect(echo.frontEnd.acknowledged(34, []))
    let (token, bytes) = echo.held.tokens.removeFirst()
    echo.held.isHolding = false
    let next = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(next))
    echo.queue.complete(token, with: bytes.span)
    #expect(next.exchange([9], room: 8) == [9])
    #expect(echo.finish().resets == 1)
  }

  @Test func theGuestIsToldWhenItAsks() throws {
    let echo = try Echo()
    echo.frontEnd.begin(features: VhostFrontEnd.version1 | VhostFrontEnd.protocolFeatures | VhostFrontEnd.eventIndex)
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    usleep(10_000)
    _ = ring.wasCalled()
    ring.set(usedEvent: 1)
    #expect(ring.exchange([1], room: 1) != nil)
    usleep(10_000)
    #expect(!ring.wasCalled())
    #expect(ring.exchange([2], room: 1) != nil)
    usleep(10_000)
    #expect(ring.wasCalled())
    _ = echo.finish()
  }

  @Test func memoryIsAddedAndRemoved() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    let more = GuestMemoryFile(size: 1 << 16, guestAddress: 0x4000_0000, userAddress: 0x7e00_0000_0000)
    let region = VhostFrontEnd.bytes([0, more.guestAddress, UInt64(more.size), more.userAddress, 0])
    func exchange() -> [UInt8]? {
      ring.memory.write([1, 2, 3, 4], at: ring.data)
      ring.setDescriptor(0, address: ring.address(ring.data), count: 4, flags: GuestRing.next, next: 1)
      ring.setDescriptor(1, address: more.guestAddress + 16, count: 4, flags: GuestRing.write)
      ring.submit(0)
      return ring.takeUsed().flatMap { $0.count == 4 ? more.read(4, at: 16) : nil }
    }
    // Not there yet: this request fails, and the others go on.
    #expect(exchange() == nil)
    #expect(echo.frontEnd.acknowledged(37, region, descriptors: [more.descriptor]))
    #expect(exchange() == [1, 2, 3, 4])
    #expect(echo.frontEnd.acknowledged(38, region))
    #expect(exchange() == nil)
    #expect(!echo.frontEnd.acknowledged(38, region))
    #expect(ring.exchange([7], room: 1) == [7])
    _ = echo.finish()
  }

  /// More requests than the index has numbers for.
  @Test func indicesWrap() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(size: 4, memory: GuestMemoryFile(size: 1 << 16))
    #expect(echo.frontEnd.start(ring))
    for round in 0..<70_000 {
      let byte = UInt8(truncatingIfNeeded: round)
      guard ring.exchange([byte], room: 1) == [byte] else {
        Issue.record("round \(round)")
        break
      }
    }
    _ = echo.finish()
  }
}
