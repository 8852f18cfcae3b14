internal import CLinux
internal import Glibc
internal import Linux
internal import SystemPackage
internal import VhostUser

@_silgen_name("memfd_create") private func memfd_create(_ name: UnsafePointer<CChar>, _ flags: UInt32) -> CInt

/// A guest's memory, in which there is a ring; the addresses of both the guest and the front end are offsets, but for
/// ``userAddress``.
final class RingMemory: @unchecked Sendable {
  static let size = 1 << 13
  static let userAddress: UInt64 = 1 << 40
  /// Where the used ring is: behind the largest table of descriptors and available ring.
  static let largestRing = 64
  static let available = 16 * largestRing
  static let used = available + 6 + 2 * largestRing + 2

  let file: Descriptor
  let bytes: UnsafeMutableRawBufferPointer

  init() {
    file = Descriptor(adopting: checked(memfd_create("guest", 1), "memfd_create"))
    _ = checked(ftruncate(file.rawValue, off_t(Self.size)), "ftruncate")
    let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, file.rawValue, 0)
    bytes = UnsafeMutableRawBufferPointer(start: memory, count: Self.size)
  }

  /// What a front end says of it.
  static let region = MemoryRegion(guestAddress: 0, size: UInt64(size), userAddress: userAddress, fileOffset: 0)
  static let address = VringAddress(
    index: 0, descriptors: userAddress, used: userAddress + UInt64(used),
    available: userAddress + UInt64(available))

  func clear() { bytes.initializeMemory(as: UInt8.self, repeating: 0) }

  /// A queue whose ring is here, started and enabled.
  func start(size: UInt32, features: DeviceFeatures) -> Virtqueue {
    do throws(Errno) {
      let queue = try Virtqueue()
      queue.set(features: features)
      queue.set(memory: [try MappedRegion(Self.region, file: file)])
      try queue.set(size: size)
      try queue.set(base: 0)
      try queue.set(address: Self.address)
      try queue.start(kick: try EventDescriptor())
      queue.set(isEnabled: true)
      return queue
    } catch {
      violated("a ring isn't started: \(error)")
    }
  }

  func write(_ source: Span<UInt8>, at offset: Int) {
    for index in source.indices where offset + index < bytes.count { bytes[offset + index] = source[index] }
  }

  func setDescriptor(at offset: Int, address: UInt64, count: UInt32, flags: UInt16, next: UInt16) {
    bytes.storeBytes(of: address, toByteOffset: offset, as: UInt64.self)
    bytes.storeBytes(of: count, toByteOffset: offset + 8, as: UInt32.self)
    bytes.storeBytes(of: flags, toByteOffset: offset + 12, as: UInt16.self)
    bytes.storeBytes(of: next, toByteOffset: offset + 14, as: UInt16.self)
  }

  var usedIndex: UInt16 { bytes.baseAddress.map { cl_load16_acquire($0 + Self.used + 2) } ?? 0 }

  /// Marks the bytes that descriptors say are writable, those of tables included.
  func mark(_ isWritable: inout [Bool]) {
    for index in 0..<Self.largestRing {
      let (address, count, flags) = descriptor(at: 16 * index)
      if flags & 2 != 0 { Self.mark(address, count, &isWritable) }
      guard flags & 4 != 0, address < UInt64(Self.size) else { continue }
      var place = Int(address)
      for _ in 0..<min(count / 16, UInt32(Self.largestRing)) where place + 16 <= Self.size {
        let (address, count, flags) = descriptor(at: place)
        if flags & 2 != 0 { Self.mark(address, count, &isWritable) }
        place += 16
      }
    }
  }

  private func descriptor(at offset: Int) -> (address: UInt64, count: UInt32, flags: UInt16) {
    (
      bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
      bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self),
      bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt16.self)
    )
  }

  private static func mark(_ address: UInt64, _ count: UInt32, _ isWritable: inout [Bool]) {
    guard address < UInt64(size) else { return }
    for offset in Int(address)..<min(size, Int(address) + Int(count)) { isWritable[offset] = true }
  }
}
