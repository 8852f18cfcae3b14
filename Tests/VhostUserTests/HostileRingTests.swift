import CLinux
import Glibc
import Testing
import VhostHarness

@testable import VhostUser

/// Guests and front ends that misbehave: the connection ends with the fault, or the request fails, and nothing else
/// happens.
@Suite struct HostileRingTests {
  /// One way to misbehave on a ring that has been started, and what must come of it.
  struct Attack: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let fault: RingFault
    let run: @Sendable (GuestRing) -> Void

    init(_ name: String, _ fault: RingFault, _ run: @escaping @Sendable (GuestRing) -> Void) {
      testDescription = name
      self.fault = fault
      self.run = run
    }

    static let all: [Attack] = [
      Attack("an index far ahead", .availableIndex) { ring in
        ring.set(availableIndex: 200)
        ring.kickOnce()
      },
      Attack("a head that there isn't", .descriptorIndex) { ring in ring.submit(128) },
      Attack("a loop of one", .chainLength) { ring in
        ring.setDescriptor(0, address: ring.address(ring.data), count: 1, flags: GuestRing.next, next: 0)
        ring.submit(0)
      },
      Attack("a loop of two that are empty", .chainLength) { ring in
        ring.setDescriptor(0, address: 0, count: 0, flags: GuestRing.next, next: 1)
        ring.setDescriptor(1, address: 0, count: 0, flags: GuestRing.next, next: 0)
        ring.submit(0)
      },
      Attack("a next one that there isn't", .descriptorIndex) { ring in
        ring.setDescriptor(0, address: ring.address(ring.data), count: 1, flags: GuestRing.next, next: 999)
        ring.submit(0)
      },
      Attack("readable behind writable", .order) { ring in
        ring.setDescriptor(
          0, address: ring.address(ring.data), count: 1, flags: GuestRing.next | GuestRing.write, next: 1)
        ring.setDescriptor(1, address: ring.address(ring.data), count: 1)
        ring.submit(0)
      },
      Attack("a table within a table", .indirectTable) { ring in
        ring.setIndirect(
          0, ofTableAt: ring.data, address: ring.address(ring.data), count: 16, flags: GuestRing.indirect)
        ring.setDescriptor(0, address: ring.address(ring.data), count: 16, flags: GuestRing.indirect)
        ring.submit(0)
      },
      Attack("a table with a next one", .indirectTable) { ring in
        ring.setDescriptor(
          0, address: ring.address(ring.data), count: 16, flags: GuestRing.indirect | GuestRing.next, next: 1)
        ring.submit(0)
      },
      Attack("a table in the middle", .indirectTable) { ring in
        ring.setDescriptor(0, address: ring.address(ring.data), count: 1, flags: GuestRing.next, next: 1)
        ring.setDescriptor(1, address: ring.address(ring.data), count: 16, flags: GuestRing.indirect)
        ring.submit(0)
      },
      Attack("an empty table", .indirectTable) { ring in
        ring.setDescriptor(0, address: ring.address(ring.data), count: 0, flags: GuestRing.indirect)
        ring.submit(0)
      },
      Attack("a table of an odd size", .indirectTable) { ring in
        ring.setDescriptor(0, address: ring.address(ring.data), count: 17, flags: GuestRing.indirect)
        ring.submit(0)
      },
      Attack("a table of 4 GiB", .indirectTable) { ring in
        ring.setDescriptor(0, address: ring.address(ring.data), count: 0xffff_fff0, flags: GuestRing.indirect)
        ring.submit(0)
      },
      Attack("a table that isn't mapped", .unmapped) { ring in
        ring.setDescriptor(0, address: 0x6666_0000, count: 32, flags: GuestRing.indirect)
        ring.submit(0)
      },
      Attack("a table at the end of all addresses", .unmapped) { ring in
        ring.setDescriptor(0, address: .max - 7, count: 32, flags: GuestRing.indirect)
        ring.submit(0)
      },
      Attack("a table over the end of the memory", .unmapped) { ring in
        ring.setDescriptor(
          0, address: ring.memory.guestAddress + UInt64(ring.memory.size) - 8, count: 16, flags: GuestRing.indirect)
        ring.submit(0)
      },
      Attack("a loop in a table", .chainLength) { ring in
        ring.setIndirect(
          0, ofTableAt: ring.data, address: ring.address(ring.data), count: 1, flags: GuestRing.next, next: 0)
        ring.setDescriptor(0, address: ring.address(ring.data), count: 32, flags: GuestRing.indirect)
        ring.submit(0)
      },
      Attack("out of a table", .descriptorIndex) { ring in
        ring.setIndirect(
          0, ofTableAt: ring.data, address: ring.address(ring.data), count: 1, flags: GuestRing.next, next: 2)
        ring.setDescriptor(0, address: ring.address(ring.data), count: 32, flags: GuestRing.indirect)
        ring.submit(0)
      },
    ]
  }

  @Test(arguments: Attack.all)
  func aFaultEndsTheConnection(_ attack: Attack) throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    #expect(ring.exchange([1], room: 1) == [1])
    attack.run(ring)
    #expect(echo.frontEnd.isClosed)
    #expect(ring.wasBroken())
    #expect(echo.finish().ending == .ring(attack.fault))
  }

  /// Indirect descriptors that weren't agreed upon.
  @Test func aTableThatWasNotNegotiated() throws {
    let echo = try Echo()
    echo.frontEnd.begin(features: VhostFrontEnd.version1 | VhostFrontEnd.protocolFeatures)
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    ring.setDescriptor(0, address: ring.address(ring.data), count: 16, flags: GuestRing.indirect)
    ring.submit(0)
    #expect(echo.frontEnd.isClosed)
    #expect(echo.finish().ending == .ring(.indirectTable))
  }

  /// The reply has no room, or no memory: an empty one, and the next request is answered.
  @Test(arguments: [(UInt64(0x6666_0000), UInt32(8)), (UInt64.max - 2, UInt32(8)), (UInt64(0x10_0000), UInt32(0))])
  func aReplyWithoutAPlace(address: UInt64, count: UInt32) throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    ring.memory.write([1, 2, 3], at: ring.data)
    ring.setDescriptor(0, address: ring.address(ring.data), count: 3, flags: GuestRing.next, next: 1)
    ring.setDescriptor(1, address: address, count: count, flags: GuestRing.write)
    ring.submit(0)
    #expect(ring.takeUsed()?.count == 0)
    #expect(ring.exchange([4], room: 1) == [4])
    _ = echo.finish()
  }

  /// The file behind the memory is shortened: the process lives, and the connection ends.
  @Test func theMemoryIsTakenAway() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let memory = GuestMemoryFile(size: 1 << 20)
    let ring = GuestRing(memory: memory)
    #expect(echo.frontEnd.start(ring))
    #expect(ring.exchange([1], room: 1) == [1])
    #expect(ftruncate(memory.descriptor, 0) == 0)
    ring.kickOnce()
    #expect(echo.frontEnd.isClosed)
    #expect(echo.finish().ending == .ring(.memoryLost))
  }

  private static let impossible: [(UInt32, [UInt8])] = [
    (2, [UInt8](repeating: 0, count: 8)), (2, [1]), (5, VhostFrontEnd.state(2, 0)), (8, VhostFrontEnd.state(7, 128)),
    (8, VhostFrontEnd.state(0, 100)), (8, VhostFrontEnd.state(0, 65536)), (10, VhostFrontEnd.state(0, 65536)),
    (12, []), (12, VhostFrontEnd.bytes(UInt64(0x200))), (12, VhostFrontEnd.bytes(UInt64(0x100))),
    (18, VhostFrontEnd.state(0, 2)), (37, VhostFrontEnd.bytes([0, 0, 4096, 0, 0])), (99, []),
  ]

  /// Messages that there can't be.
  @Test(arguments: impossible)
  func aMessageThatThereCantBeEndsTheConnection(request: UInt32, payload: [UInt8]) throws {
    let echo = try Echo()
    echo.frontEnd.send(request, payload)
    #expect(echo.frontEnd.isClosed)
    #expect(echo.finish().ending == .malformed(request: request))
  }

  @Test func memoryOfAFileThatIsTooShortIsRefused() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let memory = GuestMemoryFile(size: 4096)
    for (size, offset) in [(UInt64(8192), UInt64(0)), (4096, 1), (1, 4096), (1 << 62, 0)] {
      let region = VhostFrontEnd.bytes([0, 0x1000, size, 0x1000, offset])
      #expect(!echo.frontEnd.acknowledged(37, region, descriptors: [memory.descriptor]))
    }
    var ends: [CInt] = [-1, -1]
    #expect(pipe(&ends) == 0)
    #expect(!echo.frontEnd.acknowledged(37, VhostFrontEnd.bytes([0, 0, 4096, 0, 0]), descriptors: [ends[0]]))
    close(ends[0])
    close(ends[1])
    _ = echo.finish()
  }

  /// Descriptors that aren't eventfds, beside messages that take none, and more than there is room for.
  @Test func strayDescriptorsAreClosed() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let memory = GuestMemoryFile(size: 4096)
    let before = OpenDescriptors.count
    for _ in 0..<100 { echo.frontEnd.send(3, descriptors: [memory.descriptor, memory.descriptor]) }
    #expect(echo.frontEnd.number(of: 1) != nil)
    #expect(!echo.frontEnd.acknowledged(12, VhostFrontEnd.bytes(UInt64(0)), descriptors: [memory.descriptor]))
    #expect(OpenDescriptors.count == before)
    _ = echo.finish()
  }
}
