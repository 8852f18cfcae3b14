import CLinux
import Glibc
import Linux
import SystemPackage
import Testing
import VhostHarness

@testable import VhostUser

/// Front ends that send memory which isn't any, too much of it, or take it away while it is used.
@Suite struct HostileMemoryTests {
  private func region(_ guest: UInt64, _ size: UInt64, user: UInt64 = 0x1000_0000, offset: UInt64 = 0) -> [UInt8] {
    VhostFrontEnd.bytes([0, guest, size, user, offset])
  }

  @Test func regionsThatOverlapAreRefused() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let memory = GuestMemoryFile(size: 16 << 12)
    func add(_ guest: UInt64, _ size: UInt64) -> Bool {
      echo.frontEnd.acknowledged(37, region(guest, size), descriptors: [memory.descriptor])
    }
    #expect(add(0x10000, 0x4000))
    for (guest, size) in [(UInt64(0x10000), UInt64(0x4000)), (0x13fff, 1), (0xf000, 0x1001), (0xf000, 0x8000)] {
      #expect(!add(guest, size), "\(guest)")
    }
    #expect(add(0x14000, 0x1000))
    #expect(add(0xf000, 0x1000))
    let one = VhostFrontEnd.bytes([0x4000, 0x2000, 0x9000, 0])
    let other = VhostFrontEnd.bytes([0x5fff, 0x1000, 0x19000, 0])
    #expect(
      !echo.frontEnd.acknowledged(
        5, VhostFrontEnd.state(2, 0) + one + other, descriptors: [memory.descriptor, memory.descriptor]))
    _ = echo.finish()
  }

  @Test func regionsWithoutEndAreRefused() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let memory = GuestMemoryFile(size: 4096)
    var count: UInt64 = 0
    while count < 1000,
      echo.frontEnd.acknowledged(37, region(count << 12, 4096), descriptors: [memory.descriptor])
    { count += 1 }
    #expect(echo.frontEnd.number(of: 36) == count)
    #expect(count == 128)
    _ = echo.finish()
    let next = try Echo()
    next.frontEnd.begin()
    let sparse = GuestMemoryFile(size: 4096)
    #expect(ftruncate(sparse.descriptor, 1 << 46) == 0)
    #expect(!next.frontEnd.acknowledged(37, region(0, 1 << 43), descriptors: [sparse.descriptor]))
    #expect(next.frontEnd.acknowledged(37, region(0, 3 << 40), descriptors: [sparse.descriptor]))
    #expect(!next.frontEnd.acknowledged(37, region(1 << 50, 3 << 40), descriptors: [sparse.descriptor]))
    _ = next.finish()
  }

  /// Touching a byte of a file whose file system is in another process may hang.
  @Test func memoryOfAnotherKindIsRefused() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    func adds(_ path: String, _ flags: CInt) -> Bool {
      let file = open(path, flags)
      defer { close(file) }
      #expect(file >= 0, "\(path)")
      return echo.frontEnd.acknowledged(37, region(0, 64), descriptors: [file])
    }
    #expect(!adds("/proc/self/oom_score_adj", O_RDWR))
    #expect(!adds("/proc/self/status", O_RDONLY))
    #expect(!adds("/dev/zero", O_RDWR))
    #expect(!adds("/dev", O_RDONLY | O_DIRECTORY))
    let event = CInt(cl_eventfd(0))
    #expect(!echo.frontEnd.acknowledged(37, region(0, 64), descriptors: [event]))
    close(event)
    let path = "/dev/shm/vhostile-\(getpid())"
    let file = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
    #expect(file >= 0 && ftruncate(file, 4096) == 0)
    unlink(path)
    #expect(echo.frontEnd.acknowledged(37, region(0, 64), descriptors: [file]))
    close(file)
    _ = echo.finish()
  }

  /// Memory that goes and comes back while a request is under way: the reply comes, and so do later ones.
  @Test func aRingGoesOnWhenItsMemoryComesBack() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    #expect(ring.exchange([1], room: 1) == [1])
    echo.held.isHolding = true
    #expect(ring.exchange([5, 6], room: 8, milliseconds: 100) == nil)
    echo.held.isHolding = false
    let memory = ring.memory
    let whole = VhostFrontEnd.bytes([0, memory.guestAddress, UInt64(memory.size), memory.userAddress, 0])
    #expect(echo.frontEnd.acknowledged(38, whole))
    let (token, bytes) = echo.held.tokens.removeFirst()
    echo.queue.complete(token, with: bytes.span)
    echo.queue.signal()
    // It comes to nobody's notice.
    ring.submit(0)
    usleep(20_000)
    #expect(ring.usedIndex == 1)
    #expect(echo.frontEnd.acknowledged(37, whole, descriptors: [memory.descriptor]))
    #expect(ring.takeUsed()?.count == 2)
    #expect(ring.takeUsed()?.count == 2)
    _ = echo.finish()
  }

  /// What was completed before the layout changed is still to be told of.
  @Test(arguments: [UInt32(37), 9, 2])
  func aSignalIsNotLostToAnotherLayout(request: UInt32) throws {
    let echo = try Echo()
    let features = VhostFrontEnd.version1 | VhostFrontEnd.protocolFeatures
    echo.frontEnd.begin(features: features)
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    #expect(ring.exchange([1], room: 1) == [1])
    echo.held.isHolding = true
    #expect(ring.exchange([5], room: 8, milliseconds: 100) == nil)
    _ = ring.wasCalled()
    let (token, bytes) = echo.held.tokens.removeFirst()
    echo.queue.complete(token, with: bytes.span)
    switch request {
    case 37:
      let more = GuestMemoryFile(size: 4096)
      #expect(echo.frontEnd.acknowledged(37, region(0, 4096), descriptors: [more.descriptor]))
    case 9: #expect(echo.frontEnd.acknowledged(9, echo.frontEnd.address(of: ring, index: 0)))
    default: #expect(echo.frontEnd.acknowledged(2, VhostFrontEnd.bytes(features)))
    }
    echo.queue.signal()
    #expect(ring.takeUsed()?.count == 1)
    #expect(ring.wasCalled())
    _ = echo.finish()
  }

  /// The memory changes all the time while requests are served.
  @Test(.timeLimit(.minutes(1))) func theLayoutChangesUnderLoad() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    let memory = ring.memory
    let whole = VhostFrontEnd.bytes([memory.guestAddress, UInt64(memory.size), memory.userAddress, 0])
    let load = try Load(ring)
    for _ in 0..<300 {
      #expect(
        echo.frontEnd.acknowledged(5, VhostFrontEnd.state(1, 0) + whole, descriptors: [memory.descriptor]))
      #expect(echo.frontEnd.acknowledged(9, echo.frontEnd.address(of: ring, index: 0)))
      #expect(echo.frontEnd.acknowledged(38, VhostFrontEnd.bytes(UInt64(0)) + whole))
      #expect(
        echo.frontEnd.acknowledged(37, VhostFrontEnd.bytes(UInt64(0)) + whole, descriptors: [memory.descriptor]))
    }
    let (sent, answered) = load.finish()
    #expect(sent == answered)
    #expect(sent > 0)
    #expect(echo.finish().ending == .closed)
  }
}
