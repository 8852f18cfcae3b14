internal import CLinux

/// A part of the guest's address space.
struct GuestRange {
  var address: UInt64
  var count: UInt32
}

/// A descriptor, copied out of the guest's memory.
struct RingDescriptor {
  let range: GuestRange
  let flags: UInt16
  let next: UInt16

  /// `VIRTQ_DESC_F_NEXT`, `VIRTQ_DESC_F_WRITE` and `VIRTQ_DESC_F_INDIRECT`.
  static let hasNext: UInt16 = 1
  static let isWritable: UInt16 = 2
  static let isIndirect: UInt16 = 4
  static let size = 16
}

/// The three parts of a split virtqueue in the guest's memory (virtio 1.3, section 2.7).
///
/// The guest may change any byte at any time, so each field is loaded once, and only by the functions here.
@safe
struct SplitRing: @unchecked Sendable {
  /// Entries: a power of 2.
  let size: UInt16
  private let descriptors: UnsafeMutableRawPointer
  private let available: UnsafeMutableRawPointer
  private let used: UnsafeMutableRawPointer
  private let hasEventIndex: Bool
  /// The indices of the next entry to take from the available ring, and to put into the used one.
  private(set) var nextAvailable: UInt16
  private(set) var nextUsed: UInt16
  /// The used index when the guest was last asked whether it wants to know.
  private var askedUsed: UInt16

  /// Finds a ring's parts in the guest's memory.
  ///
  /// - Throws: ``RingFault/unmapped`` when one isn't there in a piece, or isn't aligned.
  init(
    _ address: VringAddress, size: UInt16, base: UInt16, hasEventIndex: Bool, in memory: borrowing GuestMemory
  ) throws(RingFault) {
    let count = UInt64(size)
    guard let descriptors = unsafe memory.locate(user: address.descriptors, count: 16 * count),
      let available = unsafe memory.locate(user: address.available, count: 6 + 2 * count),
      let used = unsafe memory.locate(user: address.used, count: 6 + 8 * count),
      Int(bitPattern: descriptors) % 16 == 0, Int(bitPattern: available) % 2 == 0,
      Int(bitPattern: used) % 4 == 0
    else { throw .unmapped }
    self.size = size
    unsafe self.descriptors = descriptors
    unsafe self.available = available
    unsafe self.used = used
    self.hasEventIndex = hasEventIndex
    nextAvailable = base
    nextUsed = unsafe UInt16(littleEndian: cl_load16(used + 2))
    askedUsed = nextUsed
  }

  /// Takes the indices from the ring that this was before its places changed, so that nobody is told of too little.
  mutating func goOn(from former: SplitRing) {
    nextAvailable = former.nextAvailable
    nextUsed = former.nextUsed
    askedUsed = former.askedUsed
  }

  private var mask: UInt16 { size - 1 }

  /// Whether the guest has made something available that isn't taken.
  var hasAvailable: Bool { unsafe UInt16(littleEndian: cl_load16_acquire(available + 2)) != nextAvailable }

  /// Takes the next chain's first descriptor off the available ring.
  ///
  /// - Returns: its number; nil when there is none.
  mutating func takeHead() throws(RingFault) -> UInt16? {
    let index = unsafe UInt16(littleEndian: cl_load16_acquire(available + 2))
    let count = index &- nextAvailable
    guard count > 0 else { return nil }
    guard count <= size else { throw .availableIndex }
    let head = unsafe UInt16(littleEndian: cl_load16(available + 4 + 2 * Int(nextAvailable & mask)))
    guard head < size else { throw .descriptorIndex }
    nextAvailable &+= 1
    return head
  }

  /// Copies a descriptor of the ring's own table.
  func descriptor(_ index: UInt16) -> RingDescriptor {
    unsafe Self.descriptor(at: descriptors + RingDescriptor.size * Int(index & mask))
  }

  /// Copies the descriptor at an address, which 16 bytes are mapped at; it needn't be aligned.
  static func descriptor(at place: UnsafeMutableRawPointer) -> RingDescriptor {
    var bytes: (UInt64, UInt64) = (0, 0)
    unsafe withUnsafeMutableBytes(of: &bytes) { bytes in
      unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(start: place, count: RingDescriptor.size))
    }
    let (address, rest) = (UInt64(littleEndian: bytes.0), UInt64(littleEndian: bytes.1))
    return RingDescriptor(
      range: GuestRange(address: address, count: UInt32(truncatingIfNeeded: rest)),
      flags: UInt16(truncatingIfNeeded: rest >> 32), next: UInt16(truncatingIfNeeded: rest >> 48))
  }

  /// Puts a chain into the used ring, of which `count` bytes were written.
  mutating func put(_ head: UInt16, count: UInt32) {
    let entry = unsafe used + 4 + 8 * Int(nextUsed & mask)
    unsafe cl_store32(entry, UInt32(head).littleEndian)
    unsafe cl_store32(entry + 4, count.littleEndian)
    nextUsed &+= 1
    unsafe cl_store16_release(used + 2, nextUsed.littleEndian)
  }

  /// Whether the guest is to be told of what was put since the last question.
  mutating func wantsSignal() -> Bool {
    guard nextUsed != askedUsed else { return false }
    let old = askedUsed
    askedUsed = nextUsed
    // What it asks for must be loaded after it can see the new index.
    cl_full_fence()
    guard hasEventIndex else { return unsafe UInt16(littleEndian: cl_load16(available)) & 1 == 0 }
    let event = unsafe UInt16(littleEndian: cl_load16(available + 4 + 2 * Int(size)))
    return nextUsed &- event &- 1 < nextUsed &- old
  }

  /// Asks the guest to tell of the next thing that it makes available.
  ///
  /// - Returns: whether there is something already, of which it may not tell.
  func askForKick() -> Bool {
    if hasEventIndex {
      unsafe cl_store16(used + 4 + 8 * Int(size), nextAvailable.littleEndian)
    } else {
      unsafe cl_store16(used, 0)
    }
    cl_full_fence()
    return hasAvailable
  }

  /// Asks the guest not to tell. With the event index it doesn't in any case, until it is asked again.
  func refuseKicks() {
    if !hasEventIndex { unsafe cl_store16(used, UInt16(1).littleEndian) }
  }
}
