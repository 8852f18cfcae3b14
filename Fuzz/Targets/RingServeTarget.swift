internal import CLinux
internal import Export
internal import Glibc
internal import Linux
internal import NinePProtocol
internal import NinePServer
internal import Serving
internal import Synchronization
internal import SystemPackage
internal import VhostUser

/// Any requests of 9P2000.L that come by a ring, as its descriptors have them, served by the whole server in a directory of its
/// own.
///
/// An input is records: the place of a request's type among all, bits, the bytes of its body, that many bytes. The bits say where
/// the frame is cut into descriptors, how much room there is for the reply, and whether the size is a lie. A version and an attach
/// of fid 0 come first, and a version comes last, which withdraws all that isn't answered.
package enum RingServeTarget {
  private static let memory = RingMemory()
  private static let locks = LockTable()
  private static let current = Mutex<Virtqueue?>(nil)
  private static let server = ConfinedServer { (socket: consuming Descriptor, links) throws(Errno) in
    guard let queue = current.withLock({ $0 }) else { return }
    let root = try Descriptor.workingDirectory()
    let links = try links.enter()
    let terms = NinePServer.Terms(
      authority: .trusted, trees: .one([]), descriptors: DescriptorBudget(50, clients: 1),
      memory: MemoryBudget(16 << 20, clients: 1),
      threads: ThreadBudget(4), locks: locks)
    _ = NinePServer.serve(
      try Export(try ExportTree(root, boundary: .checked), links: links, readOnly: false), on: queue, terms: terms)
    _ = consume socket
  }

  /// Bytes for a request, and for its reply.
  fileprivate static let room = 192
  fileprivate static let mostRequests = 15
  fileprivate static let start = 2048

  package static func run(_ input: Span<UInt8>) {
    var ends: [CInt] = [-1, -1]
    _ = checked(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends), "socketpair")
    let client = Descriptor(adopting: ends[0])
    memory.clear()
    var requests = Requests(memory)
    requests.add(.version, [0, 0, 1, 0, 8, 0] + Array("9P2000.L".utf8), bits: 0)
    requests.add(.attach, [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0], bits: 0)
    var rest = input
    while rest.count >= 3, requests.count < mostRequests {
      let type = NinePProtocol.RequestType.allCases[Int(rest[0]) % NinePProtocol.RequestType.allCases.count]
      let count = min(Int(rest[2]), rest.count - 3)
      let body = rest.extracting(3..<3 + count)
      requests.add(type, body.indices.map { body[$0] }, bits: rest[1])
      rest = rest.extracting(droppingFirst: 3 + count)
    }
    requests.add(.version, [0, 0, 1, 0, 8, 0] + Array("9P2000.L".utf8), bits: 0)
    requests.publish()
    let queue = memory.start(size: 64, features: [.version1, .protocolFeatures, .indirectDescriptors])
    current.withLock { $0 = queue }
    server.serve(ends[1])
    var waits = 0
    while queue.fault == nil, memory.usedIndex != UInt16(requests.count) {
      usleep(20)
      waits += 1
      if waits == 500_000 { violated("\(memory.usedIndex) of \(requests.count) are answered") }
    }
    queue.end()
    current.withLock { $0 = nil }
    var byte: UInt8 = 0
    while recv(client.rawValue, &byte, 1, 0) < 0 {}
    requests.check()
  }

  /// Requests in the guest's memory, and the room for their replies.
  private struct Requests {
    private let memory: RingMemory
    private var types: [NinePProtocol.RequestType] = []
    private var rooms: [Int] = []

    var count: Int { types.count }

    init(_ memory: RingMemory) { self.memory = memory }

    mutating func add(_ type: NinePProtocol.RequestType, _ body: [UInt8], bits: UInt8) {
      let body = body.prefix(RingServeTarget.room - Frame.headerSize)
      let size = Frame.headerSize + body.count
      // Some say that they are longer, or shorter.
      let said = size + (bits & 0xc0 == 0xc0 ? Int(bits & 3) - 1 : 0)
      let frame = [UInt8(said & 0xff), UInt8(said >> 8), 0, 0, type.rawValue, UInt8(count), 0] + body
      let place = RingServeTarget.start + 2 * RingServeTarget.room * count
      let reply = place + RingServeTarget.room
      memory.write(frame.span, at: place)
      let cut = min(Int(bits & 15), size)
      let room = bits & 0x10 == 0 ? RingServeTarget.room : Int(bits & 0x2f)
      let first = 16 * 4 * count
      let index = UInt16(4 * count)
      memory.setDescriptor(at: first, address: UInt64(place), count: UInt32(cut), flags: 1, next: index + 1)
      memory.setDescriptor(
        at: first + 16, address: UInt64(place + cut), count: UInt32(size - cut), flags: 1, next: index + 2)
      let split = min(room, 11)
      memory.setDescriptor(at: first + 32, address: UInt64(reply), count: UInt32(split), flags: 3, next: index + 3)
      memory.setDescriptor(
        at: first + 48, address: UInt64(reply + split), count: UInt32(room - split), flags: 2, next: 0)
      types.append(type)
      rooms.append(room)
    }

    func publish() {
      for index in 0..<count {
        memory.bytes.storeBytes(
          of: UInt16(4 * index), toByteOffset: RingMemory.available + 4 + 2 * index, as: UInt16.self)
      }
      memory.bytes.storeBytes(of: UInt16(count), toByteOffset: RingMemory.available + 2, as: UInt16.self)
    }

    /// Each used entry is a request's, once, and its reply is whole, or nothing where a later version withdrew it.
    func check() {
      var isUsed = [Bool](repeating: false, count: count)
      for index in 0..<Int(memory.usedIndex) {
        let entry = RingMemory.used + 4 + 8 * index
        let head = memory.bytes.loadUnaligned(fromByteOffset: entry, as: UInt32.self)
        let size = Int(memory.bytes.loadUnaligned(fromByteOffset: entry + 4, as: UInt32.self))
        let number = Int(head / 4)
        guard head % 4 == 0, number < count, !isUsed[number] else { violated("a used entry of \(head)") }
        isUsed[number] = true
        if size > 0 { check(number, size) }
      }
      for number in 0..<count { checkBehind(number) }
    }

    private func check(_ number: Int, _ size: Int) {
      if size > rooms[number] { violated("a reply of \(size) bytes in \(rooms[number])") }
      let place = RingServeTarget.start + 2 * RingServeTarget.room * number + RingServeTarget.room
      let bytes = Array(memory.bytes[place..<place + size])
      guard let header = try? FrameHeader(bytes.span), Int(header.size) == size, Int(header.tag.rawValue) == number
      else { violated("\(types[number]): a reply's header") }
      if header.type != types[number].reply, header.type != NinePProtocol.RequestType.errorReply {
        violated("\(types[number]): type \(header.type)")
      }
    }

    /// Nothing is written behind the room for a reply.
    private func checkBehind(_ number: Int) {
      let place = RingServeTarget.start + 2 * RingServeTarget.room * number + RingServeTarget.room
      for offset in place + rooms[number]..<place + RingServeTarget.room where memory.bytes[offset] != 0 {
        violated("\(types[number]): byte \(offset - place) was written behind its room")
      }
    }
  }
}
