internal import CLinux
internal import Export
internal import Glibc
internal import Linux
internal import Monitor
internal import MonitorProtocol
internal import SystemPackage

/// Any packets of a worker, with objects of its choice, answered by the whole server in a directory of its own.
///
/// An input is packets. Each starts with the number of its objects, and a byte for each: one of those that there are at
/// the start, or from 128 on one that came with a reply. Then follow how many requests there are, and of each its type's
/// place among all, its two places, and behind their number the fields' bytes. Where the first byte is 128 or more, there
/// is a number of bytes instead, and these are the packet.
package enum ObjectServeTarget {
  private static let server = ConfinedServer { (socket: consuming Descriptor, links) throws(Errno) in
    let root = try Descriptor.workingDirectory()
    let links = try links.enter()
    try introduce(root, on: socket)
    _ = Monitor.serve(try Export(try ExportTree(root, boundary: .checked), links: links, readOnly: false), on: socket)
  }
  private static let outside = Outside(export: server.directory)

  /// Sends what is in the tree, by the server's own mount.
  private static func introduce(_ root: borrowing Descriptor, on socket: borrowing Descriptor) throws(Errno) {
    var objects = OwnedArray<Descriptor>()
    func add(_ name: String, _ flags: CInt) {
      objects.append(Descriptor(adopting: checked(openat(root.rawValue, name, flags | O_CLOEXEC), "openat")))
    }
    for name in [".", "file", "tree", "tree/node", "link", "gone", "away", "fifo"] { add(name, cl_o_path | O_NOFOLLOW) }
    add("file", O_RDWR)
    add("tree", O_RDONLY)
    var passed = PassedDescriptors()
    for index in 0..<objects.count { passed.append(objects[index]) }
    let byte: [UInt8] = [0]
    try socket.sendPacket(byte.span, with: passed)
  }

  package static func run(_ input: Span<UInt8>) {
    OpenFiles.checkLeftBy { serve(input) }
    outside.check()
  }

  private static func serve(_ input: Span<UInt8>) {
    var ends: [CInt] = [-1, -1]
    _ = checked(socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends), "socketpair")
    var worker = WorkerEnd(Descriptor(adopting: ends[0]), server.root, outside, depth: input.count / 8 + 4)
    server.serve(ends[1])
    worker.begin()
    var records = Records(input)
    while let packet = records.next() {
      guard worker.send(packet) else { break }
    }
    worker.end()
  }
}

/// What an input says, from its front.
private struct Records: ~Escapable {
  private var rest: Span<UInt8>

  @_lifetime(copy input)
  init(_ input: Span<UInt8>) { rest = input }

  /// The next packet; nil where nothing is left.
  mutating func next() -> Packet? {
    guard let first = byte() else { return nil }
    var packet = Packet()
    for _ in 0..<Int(first & 15) { packet.objects.append(byte() ?? 0) }
    guard first < 128 else {
      packet.bytes = bytes()
      return packet
    }
    for _ in 0..<Int(byte() ?? 0) % 4 + 1 { packet.add(type: byte() ?? 0, byte() ?? 0, byte() ?? 0, bytes()) }
    return packet
  }

  private mutating func byte() -> UInt8? {
    guard !rest.isEmpty else { return nil }
    let byte = rest[0]
    rest = rest.extracting(droppingFirst: 1)
    return byte
  }

  /// Those behind their number.
  private mutating func bytes() -> [UInt8] {
    let count = min(Int(byte() ?? 0), rest.count)
    let bytes = (0..<count).map { rest[$0] }
    rest = rest.extracting(droppingFirst: count)
    return bytes
  }
}

/// One packet of a worker's.
struct Packet {
  /// Which objects go with it, as the input says.
  var objects: [UInt8] = []
  var bytes: [UInt8] = []

  /// Adds a request whose frame is whole.
  mutating func add(type place: UInt8, _ first: UInt8, _ second: UInt8, _ fields: [UInt8]) {
    let types = MonitorRequestType.allCases
    let type = UInt8(types[Int(place) % types.count].rawValue)
    let size = ObjectPlaces.size + fields.count
    bytes += [type, 0, 0, 0, UInt8(truncatingIfNeeded: size), UInt8(size >> 8), 0, 0, first, 0, second, 0]
    bytes += fields
  }

  /// A request, as far as its reply depends on it.
  struct Request {
    let type: MonitorRequestType
    let places: ObjectPlaces
    /// The most bytes that a value may have.
    var room = 0
  }

  /// The requests up to the first that is none, and whether there is nothing else.
  func requests() -> (requests: [Request], isWhole: Bool) {
    var requests: [Request] = []
    var rest = bytes.span
    while let header = try? MonitorHeader(rest), Int(header.size) <= rest.count - MonitorHeader.size {
      let size = MonitorHeader.size + Int(header.size)
      guard let request = request(header, rest.extracting(MonitorHeader.size..<size)) else { return (requests, false) }
      requests.append(request)
      rest = rest.extracting(droppingFirst: size)
    }
    return (requests, rest.isEmpty && !bytes.isEmpty)
  }

  private func request(_ header: MonitorHeader, _ payload: Span<UInt8>) -> Request? {
    guard let type = MonitorRequestType(rawValue: header.type), let places = try? ObjectPlaces(payload),
      places.first < objects.count, !type.isAboutTwo || places.second < objects.count,
      let decoded = try? MonitorRequest(type, fields: payload.extracting(droppingFirst: ObjectPlaces.size))
    else { return nil }
    var request = Request(type: type, places: places)
    switch decoded {
    case .getAttribute(_, let size), .listAttributes(let size): request.room = Int(size)
    default: break
    }
    return request
  }
}
