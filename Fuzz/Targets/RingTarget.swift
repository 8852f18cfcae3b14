internal import Glibc
internal import Linux
internal import SystemPackage
internal import VhostUser

/// A ring whose descriptors, indices and buffers are the input, served by a device that answers with what it was sent.
///
/// The input's first byte says how large the ring is and what was agreed upon, the second how requests are completed, and how
/// many bytes there are of a second layout; the rest is the memory from its start.
package enum RingTarget {
  private static let memory = RingMemory()

  package static func run(_ input: Span<UInt8>) {
    guard input.count >= 4 else { return }
    let size = UInt32(1) << UInt32(input[0] & 7) % 7
    var features: DeviceFeatures = [.version1, .protocolFeatures]
    if input[0] & 0x10 == 0 { features.insert(.indirectDescriptors) }
    if input[0] & 0x20 != 0 { features.insert(.eventIndex) }
    let order = input[1]
    let first = min(Int(input[2]) * 16, input.count - 4)
    let content = input.extracting(droppingFirst: 4)
    memory.clear()
    memory.write(content.extracting(droppingFirst: first), at: 0)
    let queue = memory.start(size: size, features: features)
    var device = EchoDevice(queue, memory, order: order)
    device.serve()
    // What the guest changes later, with the ring where it was, or at its start.
    if order & 4 != 0 { _ = queue.stop() }
    memory.write(content.extracting(first: first), at: 0)
    if order & 8 != 0 { queue.reset() }
    do throws(Errno) {
      if order & 4 != 0 { try queue.start(kick: nil) }
      if order & 16 != 0 { queue.set(memory: [try MappedRegion(RingMemory.region, file: memory.file)]) }
    } catch {
      violated("the ring isn't started again: \(error)")
    }
    queue.set(isEnabled: true)
    device.serve()
    device.finish()
    queue.end()
  }
}

/// A device that answers with what it was sent, and looks after the guest's memory.
private struct EchoDevice: ~Copyable {
  private let queue: Virtqueue
  private let memory: RingMemory
  private let order: UInt8
  private var held: [(token: ChainToken, reply: [UInt8])] = []

  init(_ queue: Virtqueue, _ memory: RingMemory, order: UInt8) {
    self.queue = queue
    self.memory = memory
    self.order = order
  }

  mutating func serve() {
    var buffer = Buffer(capacity: RingMemory.size)
    for _ in 0..<2 * RingMemory.largestRing {
      let capacity = buffer.capacity
      var room = buffer.mutableSpan(0..<capacity)
      switch queue.take(into: &room) {
      case .request(let token, let count, let readable, let writable):
        if count > capacity || UInt64(count) > readable { violated("\(count) bytes of \(readable)") }
        // Larger than there is room for, sometimes.
        let most = order & 1 == 0 ? min(UInt64(count), writable) : UInt64(count)
        held.append((token, copy(buffer.span(0..<Int(most)))))
        if order & 2 == 0 { finish() }
      case .reset: held.removeAll()
      case .nothing, .ended: return
      }
    }
  }

  private func copy(_ bytes: Span<UInt8>) -> [UInt8] { bytes.indices.map { bytes[$0] } }

  /// Completes what is held, the last first.
  mutating func finish() {
    while let (token, reply) = held.popLast() {
      var isWritable = [Bool](repeating: false, count: RingMemory.size)
      memory.mark(&isWritable)
      Self.mark(Self.ring(of: memory), &isWritable)
      let before = Array(memory.bytes)
      queue.complete(token, with: reply.span)
      queue.signal()
      // A held one's descriptors may be other ones by now.
      guard order & 2 == 0 else { continue }
      for offset in before.indices where before[offset] != memory.bytes[offset] && !isWritable[offset] {
        violated("byte \(offset) was written")
      }
    }
  }

  private static func ring(of memory: RingMemory) -> Range<Int> {
    RingMemory.used..<RingMemory.used + 6 + 8 * RingMemory.largestRing
  }

  private static func mark(_ range: Range<Int>, _ isWritable: inout [Bool]) {
    for offset in range { isWritable[offset] = true }
  }
}
