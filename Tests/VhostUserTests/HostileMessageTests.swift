import CLinux
import Glibc
import Testing
import VhostHarness

@testable import VhostUser

@_silgen_name("timerfd_create") private func timerfd_create(_ clock: CInt, _ flags: CInt) -> CInt
@_silgen_name("epoll_create") private func epoll_create(_ size: CInt) -> CInt
@_silgen_name("inotify_init") private func inotify_init() -> CInt

/// Front ends that misbehave: what they send is refused or ends their connection, and leaves nothing behind.
@Suite struct HostileMessageTests {
  /// What a front end does, and how the connection must end; it goes on where that is nil.
  struct Attack: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let ending: BackEnd.Ending?
    let run: @Sendable (VhostFrontEnd, GuestRing) throws -> Void

    init(
      _ name: String, endsWith ending: BackEnd.Ending? = nil,
      _ run: @escaping @Sendable (VhostFrontEnd, GuestRing) throws -> Void
    ) {
      testDescription = name
      self.ending = ending
      self.run = run
    }

    static let all: [Attack] = [
      Attack("half a header", endsWith: .failed(.timedOut)) { frontEnd, _ in
        #expect(send(frontEnd.socket, [UInt8](repeating: 1, count: 5), 5, 0) == 5)
        #expect(poll(frontEnd.socket, seconds: 20))
      },
      Attack("a header without its payload", endsWith: .failed(.timedOut)) { frontEnd, _ in
        frontEnd.send(2, [], size: 8)
        #expect(poll(frontEnd.socket, seconds: 20))
      },
      Attack("a payload that is too large", endsWith: .malformed(request: 2)) { frontEnd, _ in
        frontEnd.send(2, [], size: 269)
      },
      Attack("a payload of 4 GiB", endsWith: .malformed(request: 5)) { frontEnd, _ in
        frontEnd.send(5, [], size: .max)
      },
      Attack("a reply", endsWith: .malformed(request: 1)) { frontEnd, _ in frontEnd.send(1, flags: 5) },
      Attack("a message that there isn't") { frontEnd, _ in
        for request: UInt32 in [0, 6, 7, 19, 20, 21, 23, 26, 31, 32, 33, 35, 39, 40, 44, 1000, UInt32.max] {
          #expect(!frontEnd.acknowledged(request, []))
        }
      },
      Attack("numbers of rings that there aren't") { frontEnd, ring in
        for index in [UInt32(1), 2, 255, 256, 1 << 31, .max] {
          #expect(!frontEnd.acknowledged(8, VhostFrontEnd.state(index, 128)))
          #expect(!frontEnd.acknowledged(9, frontEnd.address(of: ring, index: index)))
          #expect(!frontEnd.acknowledged(10, VhostFrontEnd.state(index, 0)))
          #expect(!frontEnd.acknowledged(18, VhostFrontEnd.state(index, 1)))
        }
        for request in [UInt32(12), 13, 14] {
          #expect(!frontEnd.acknowledged(request, VhostFrontEnd.bytes(UInt64(255)), descriptors: [ring.kick]))
        }
      },
      Attack("sizes that a ring can't have") { frontEnd, _ in
        _ = frontEnd.stop()
        for size in [UInt32(0), 3, 127, 2048, 65536, 1 << 31, .max] {
          #expect(!frontEnd.acknowledged(8, VhostFrontEnd.state(0, size)))
        }
      },
      Attack("a ring that is changed while it runs") { frontEnd, _ in
        #expect(!frontEnd.acknowledged(8, VhostFrontEnd.state(0, 64)))
        #expect(!frontEnd.acknowledged(10, VhostFrontEnd.state(0, 7)))
      },
      Attack("parts of a ring that aren't mapped, overflow or aren't aligned") { frontEnd, ring in
        let user = ring.memory.userAddress
        let end = user + UInt64(ring.memory.size)
        _ = frontEnd.stop()
        for bad: UInt64 in [0, UInt64.max, UInt64.max - 15, user - 1, user - 16, user + 1, end - 16, end, end + 16] {
          for part in 0..<3 {
            var parts = [user, user + 4096, user + 8192]
            parts[part] = bad
            #expect(frontEnd.acknowledged(9, VhostFrontEnd.state(0, 0) + VhostFrontEnd.bytes(parts + [0])))
            #expect(!frontEnd.acknowledged(12, VhostFrontEnd.bytes(UInt64(0)), descriptors: [ring.kick]), "\(bad)")
          }
        }
      },
      Attack("parts that end with their region") { frontEnd, ring in
        let end = ring.memory.userAddress + UInt64(ring.memory.size)
        _ = frontEnd.stop()
        let parts = [end - 8192 - 2048, end - 4096, end - 262, 0]
        #expect(frontEnd.acknowledged(9, VhostFrontEnd.state(0, 0) + VhostFrontEnd.bytes(parts)))
        #expect(frontEnd.acknowledged(12, VhostFrontEnd.bytes(UInt64(0)), descriptors: [ring.kick]))
        _ = frontEnd.stop()
        let beyond = [end - 8192 - 2048, end - 4096, end - 260, 0]
        #expect(frontEnd.acknowledged(9, VhostFrontEnd.state(0, 0) + VhostFrontEnd.bytes(beyond)))
        #expect(!frontEnd.acknowledged(12, VhostFrontEnd.bytes(UInt64(0)), descriptors: [ring.kick]))
      },
      Attack("a part of the configuration space that there isn't") { frontEnd, _ in
        for (offset, size) in [(UInt32(257), UInt32(1)), (0, 257), (.max, .max), (1 << 31, 1 << 31)] {
          frontEnd.send(24, VhostFrontEnd.state(offset, size) + VhostFrontEnd.bytes(UInt32(0)))
          #expect(frontEnd.receive(of: 24) == [])
        }
      },
      Attack("nobody reads the replies") { frontEnd, _ in
        for _ in 0..<20_000 {
          let bytes = VhostFrontEnd.bytes(UInt32(1)) + VhostFrontEnd.state(1, 0)
          guard send(frontEnd.socket, bytes, 12, CInt(MSG_DONTWAIT)) == 12 else { break }
        }
      },
    ]
  }

  /// Whether the other end closes in time.
  private static func poll(_ socket: CInt, seconds: CInt) -> Bool {
    var waited = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    return Glibc.poll(&waited, 1, seconds * 1000) == 1
  }

  @Test(arguments: Attack.all)
  func anAttack(_ attack: Attack) throws {
    let before = OpenDescriptors.count
    do {
      let echo = try Echo()
      echo.frontEnd.begin()
      let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
      #expect(echo.frontEnd.start(ring))
      #expect(ring.exchange([1], room: 1) == [1])
      try attack.run(echo.frontEnd, ring)
      if attack.ending != nil { #expect(echo.frontEnd.isClosed) }
      #expect(echo.finish().ending == attack.ending ?? .closed)
    }
    #expect(OpenDescriptors.count == before)
  }

  /// Each kind of message with descriptors that it doesn't take, and as many as the kernel passes.
  @Test(arguments: [1, 9, 64, 253])
  func descriptorsBesideEachMessage(count: Int) throws {
    let echo = try Echo()
    let memory = GuestMemoryFile(size: 4096)
    #expect(echo.frontEnd.number(of: 1) != nil)
    let before = OpenDescriptors.count
    for type in RequestType.allCases {
      let sample = MessageTests.Sample.all.first { $0.type == type }
      let payload = sample?.payload ?? VhostFrontEnd.state(0, 0) + VhostFrontEnd.bytes(UInt32(0))
      let header = VhostFrontEnd.bytes(type.rawValue) + VhostFrontEnd.state(9, UInt32(payload.count))
      let passed = [CInt](repeating: memory.descriptor, count: count)
      #expect(OpenDescriptors.send(header + payload, passed, on: echo.frontEnd.socket), "\(type)")
      #expect(echo.frontEnd.receive(of: type.rawValue) != nil, "\(type)")
    }
    #expect(echo.frontEnd.number(of: 1) != nil)
    #expect(OpenDescriptors.count == before)
    #expect(echo.finish().ending == .closed)
  }

  @Test func descriptorsThatComeWithALaterByteAreNone() throws {
    let echo = try Echo()
    let memory = GuestMemoryFile(size: 4096)
    #expect(echo.frontEnd.number(of: 1) != nil)
    let before = OpenDescriptors.count
    let region = VhostFrontEnd.bytes([0, 0, 4096, 0x1000, 0])
    let bytes = VhostFrontEnd.bytes(UInt32(37)) + VhostFrontEnd.state(9, UInt32(region.count)) + region
    #expect(OpenDescriptors.send(Array(bytes.prefix(4)), [], on: echo.frontEnd.socket))
    // Bytes that are there together are received together.
    usleep(50_000)
    #expect(OpenDescriptors.send(Array(bytes.dropFirst(4)), [memory.descriptor], on: echo.frontEnd.socket))
    #expect(echo.frontEnd.receive(of: 37) == VhostFrontEnd.bytes(UInt64(1)))
    #expect(OpenDescriptors.count == before)
    _ = echo.finish()
  }

  /// What isn't an eventfd might block who reads or writes it, or have nothing to read and never say so.
  @Test func otherKindsOfNotifierAreRefused() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    var pipes: [CInt] = [-1, -1]
    var sockets: [CInt] = [-1, -1]
    #expect(pipe(&pipes) == 0 && socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &sockets) == 0)
    let others = [
      pipes[0], pipes[1], sockets[0], timerfd_create(CLOCK_MONOTONIC, 0), epoll_create(1), inotify_init(),
      open("/dev/zero", O_RDWR), open("/proc/self/status", O_RDONLY), open("/", O_RDONLY | O_DIRECTORY),
    ]
    for (index, other) in others.enumerated() {
      for request in [UInt32(12), 13, 14] {
        #expect(!echo.frontEnd.acknowledged(request, VhostFrontEnd.bytes(UInt64(0)), descriptors: [other]), "\(index)")
      }
    }
    for other in others + [pipes[1], sockets[1]] { close(other) }
    #expect(echo.finish().ending == .closed)
  }

  /// A front end may fill an eventfd and have writing to it wait. It waits alone, and not for ever.
  @Test(.timeLimit(.minutes(1)), arguments: [UInt32(13), 14])
  func aNotifierThatBlocks(request: UInt32) throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    #expect(ring.exchange([1], room: 1) == [1])
    let full = CInt(cl_eventfd(0))
    #expect(echo.frontEnd.acknowledged(request, VhostFrontEnd.bytes(UInt64(0)), descriptors: [full]))
    usleep(20_000)
    #expect(fcntl(full, F_SETFL, 0) == 0)
    var most = UInt64.max - 1
    var had: UInt64 = 0
    _ = fcntl(full, F_SETFL, O_NONBLOCK)
    _ = read(full, &had, 8)
    #expect(write(full, &most, 8) == 8)
    #expect(fcntl(full, F_SETFL, 0) == 0)
    ring.set(usedEvent: ring.usedIndex)
    #expect(ring.exchange([2], room: 1) == [2])
    if request == 14 { ring.submit(128) }
    usleep(50_000)
    // The one that answers messages goes on.
    if request == 13 {
      #expect(echo.frontEnd.acknowledged(13, VhostFrontEnd.bytes(UInt64(0)), descriptors: [ring.call]))
      #expect(ring.exchange([3], room: 1) == [3])
    }
    _ = echo.finish()
    close(full)
  }

  /// A kick whose reading waits, and that another process may take at any time.
  @Test(.timeLimit(.minutes(1))) func aKickThatBlocks() throws {
    let echo = try Echo()
    echo.frontEnd.begin()
    let ring = GuestRing(memory: GuestMemoryFile(size: 1 << 20))
    #expect(echo.frontEnd.start(ring))
    var had: UInt64 = 0
    for _ in 0..<2000 {
      ring.kickOnce()
      usleep(UInt32.random(in: 0..<60))
      _ = fcntl(ring.kick, F_SETFL, O_NONBLOCK)
      _ = read(ring.kick, &had, 8)
      _ = fcntl(ring.kick, F_SETFL, 0)
    }
    #expect(ring.exchange([3], room: 1) == [3])
    _ = echo.finish()
  }
}
