internal import CLinux
internal import Glibc
internal import Linux
internal import SystemPackage
internal import VhostUser
internal import Wire

/// Any messages of a front end: decoded, and then answered by a back end whose device answers with what it was sent.
///
/// An input is records: a message's place among all, then bits, then two bytes that fields are made of. The bits say whether it
/// wants a reply, how many descriptors come with it (memory, or an eventfd), and whether the payload is made up from the two
/// bytes or follows them. A place behind the last message's writes to the guest's memory.
package enum VhostTarget {
  private static let memory = RingMemory()
  /// More replies than their socket has room for would have the back end wait.
  private static let mostMessages = 64

  package static func run(_ input: Span<UInt8>) {
    decode(input)
    OpenFiles.checkLeftBy { serve(input) }
  }

  private static func decode(_ input: Span<UInt8>) {
    guard let header = try? MessageHeader(input) else { return }
    if header.size > UInt32(MessageHeader.largestPayload) { violated("a payload of \(header.size) bytes") }
    guard let type = RequestType(rawValue: header.request) else { return }
    guard let request = try? Request(type, payload: input.extracting(droppingFirst: MessageHeader.size)) else { return }
    if request.descriptorCount > Request.mostRegions { violated("\(request.descriptorCount) descriptors") }
  }

  private static func serve(_ input: Span<UInt8>) {
    var ends: [CInt] = [-1, -1]
    _ = checked(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends), "socketpair")
    let frontEnd = Descriptor(adopting: ends[0])
    let socket = Descriptor(adopting: ends[1])
    memory.clear()
    let event = Descriptor(adopting: checked(CInt(truncatingIfNeeded: cl_eventfd(0)), "eventfd"))
    var expected: [UInt32] = []
    var rest = input
    var sent = 0
    while rest.count >= 4, sent < mostMessages {
      let record = Record(&rest)
      guard let type = record.type else {
        memory.write(record.payload.span, at: Int(record.first) * 8)
        continue
      }
      let message = record.message
      let passed = [CInt](repeating: record.isEvent ? event.rawValue : memory.file.rawValue, count: record.descriptors)
      guard
        cl_send_packet(ends[0], message, message.count, passed, CUnsignedInt(passed.count)) == message.count
      else { violated("a message isn't sent") }
      sent += 1
      if record.needsReply || hasReply(type) { expected.append(type.rawValue) }
    }
    shutdown(ends[0], CInt(SHUT_WR))
    answer(on: socket)
    _ = consume socket
    check(frontEnd, expected)
  }

  private static func hasReply(_ type: RequestType) -> Bool {
    switch type {
    case .getFeatures, .getProtocolFeatures, .getQueueCount, .getMemorySlotCount, .getVringBase, .getConfiguration: true
    default: false
    }
  }

  private static func answer(on socket: borrowing Descriptor) {
    do throws(Errno) {
      let queue = try Virtqueue()
      let thread = try Thread.begin { echo(queue) }
      var backEnd = BackEnd(
        Device(features: DeviceFeatures(rawValue: 1), configuration: [3, 0, 97, 98, 99]), queues: [queue])
      _ = backEnd.serve(socket)
      thread.join()
    } catch {
      violated("no back end: \(error)")
    }
  }

  private static func echo(_ queue: Virtqueue) {
    var pace = RingWait()
    var buffer = Buffer(capacity: 4096)
    while true {
      var room = buffer.mutableSpan(0..<buffer.capacity)
      switch queue.take(into: &room) {
      case .request(let token, let count, _, _):
        queue.complete(token, with: buffer.span(0..<count))
        queue.signal()
      case .reset: continue
      case .nothing: queue.wait(&pace)
      case .ended: return
      }
    }
  }

  /// Replies come in the messages' order and in their form, and none but to those that want one.
  private static func check(_ frontEnd: borrowing Descriptor, _ expected: [UInt32]) {
    var next = 0
    while let header = receive(MessageHeader.size, from: frontEnd) {
      let words = header.withUnsafeBytes { bytes in
        (0..<3).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self) }
      }
      guard words[1] == 5, words[2] <= UInt32(MessageHeader.largestPayload) else { violated("a reply's header") }
      guard next < expected.count, words[0] == expected[next] else { violated("a reply to \(words[0])") }
      next += 1
      if receive(Int(words[2]), from: frontEnd) == nil { violated("half a reply") }
    }
  }

  private static func receive(_ count: Int, from socket: borrowing Descriptor) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var got = 0
    while got < count {
      let read = bytes.withUnsafeMutableBytes { bytes in
        recv(socket.rawValue, bytes.baseAddress?.advanced(by: got), count - got, 0)
      }
      if read < 0, errno == EINTR { continue }
      guard read > 0 else { break }
      got += read
    }
    if got > 0, got < count { violated("a part of a reply") }
    return got == count ? bytes : nil
  }
}

/// A message, or what the guest writes.
private struct Record {
  let type: RequestType?
  let needsReply: Bool
  let descriptors: Int
  let isEvent: Bool
  let first: UInt8
  let payload: [UInt8]

  /// Takes one from an input that has four bytes at least.
  init(_ input: inout Span<UInt8>) {
    let place = Int(input[0]) % (RequestType.allCases.count + 1)
    let bits = input[1]
    let (first, second) = (input[2], input[3])
    input = input.extracting(droppingFirst: 4)
    type = place < RequestType.allCases.count ? RequestType.allCases[place] : nil
    needsReply = bits & 1 != 0
    isEvent = bits & 2 != 0
    descriptors = bits & 0x40 != 0 ? 64 : Int(bits >> 2 & 3)
    self.first = first
    if let type, bits & 0x80 == 0 {
      payload = Self.payload(of: type, UInt64(first), UInt64(second))
    } else {
      let count = min(Int(second), input.count)
      let following = input.extracting(first: count)
      payload = following.indices.map { following[$0] }
      input = input.extracting(droppingFirst: count)
    }
  }

  /// The whole message.
  var message: [UInt8] {
    Self.bytes([type?.rawValue ?? 0, needsReply ? 9 : 1, UInt32(payload.count)]) + payload
  }

  /// A payload of the message's form, and of numbers that are right more often than not.
  private static func payload(of type: RequestType, _ first: UInt64, _ second: UInt64) -> [UInt8] {
    let index = UInt32(second >> 7)
    switch type {
    case .getFeatures, .setOwner, .resetOwner, .getProtocolFeatures, .getQueueCount, .resetDevice,
      .getMemorySlotCount:
      return []
    case .setFeatures: return bytes([1 << 32 | (first & 15) << 28])
    case .setProtocolFeatures: return bytes([first & 1 | (first & 2) << 2 | (second & 7) << 13])
    case .setMemoryTable:
      let count = Int(first & 3)
      return bytes([UInt32(count), 0]) + (0..<count).flatMap { region(UInt64($0) + second) }
    case .setVringSize: return bytes([index, 1 << UInt32(first % 12)])
    case .setVringAddress:
      let start = RingMemory.userAddress
      return bytes([index, 0])
        + bytes([start + (first & 15) * 16, start + 1160 + (first >> 4) * 4, start + 1024 + (second & 31) * 2, 0])
    case .setVringBase, .getVringBase: return bytes([index, UInt32(first)])
    case .setVringKick, .setVringCall, .setVringError: return bytes([first & 1 | (second & 1) << 8])
    case .setVringEnable: return bytes([index, UInt32(first & 1)])
    case .getConfiguration, .setConfiguration: return bytes([UInt32(first), UInt32(second), 0])
    case .addMemoryRegion, .removeMemoryRegion: return bytes([UInt64(0)]) + region(first)
    }
  }

  /// The memory, or a page of it.
  private static func region(_ number: UInt64) -> [UInt8] {
    let (size, offset) = number & 3 == 0 ? (UInt64(RingMemory.size), 0) : (4096, (number & 1) << 12)
    return bytes([offset + (number >> 2) << 13, size, RingMemory.userAddress + offset, offset])
  }

  private static func bytes<T: FixedWidthInteger>(_ values: [T]) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value) { Array($0) } }
  }
}
