package import Linux
package import SystemPackage

/// A region of the guest's memory, mapped.
package final class MappedRegion: Sendable {
  package let region: MemoryRegion
  let memory: SharedMemory

  /// Maps a region from the file that came beside its description.
  ///
  /// - Throws: as ``Linux/SharedMemory/init(_:offset:size:)``.
  package init(_ region: MemoryRegion, file: borrowing Descriptor) throws(Errno) {
    memory = try SharedMemory(file, offset: region.fileOffset, size: region.size)
    self.region = region
  }
}

/// The guest's memory, as far as the front end has sent it. Another layout is another value.
///
/// The guest and the front end write to it at any time.
@safe
struct GuestMemory: ~Copyable, @unchecked Sendable {
  @unsafe private struct Entry {
    let guestAddress: UInt64
    let userAddress: UInt64
    let size: UInt64
    let base: UnsafeMutableRawPointer
  }

  /// Keeps the mappings.
  private let regions: [MappedRegion]
  private let entries: UnsafeMutableBufferPointer<Entry>

  init(_ regions: [MappedRegion]) {
    self.regions = regions
    let entries = UnsafeMutableBufferPointer<Entry>.allocate(capacity: regions.count)
    for (index, mapped) in regions.enumerated() {
      unsafe entries.initializeElement(
        at: index,
        to: Entry(
          guestAddress: mapped.region.guestAddress, userAddress: mapped.region.userAddress, size: mapped.region.size,
          base: mapped.memory.base))
    }
    unsafe self.entries = entries
  }

  deinit {
    unsafe entries.deallocate()
  }

  /// Finds where this process has the byte at a guest's address.
  ///
  /// - Returns: the place, and how many of `count` bytes are there in one piece; nil for an address that isn't mapped.
  func locate(guest address: UInt64, count: UInt64) -> (place: UnsafeMutableRawPointer, count: Int)? {
    for index in unsafe 0..<entries.count {
      let entry = unsafe entries[index]
      guard unsafe address >= entry.guestAddress, unsafe address - entry.guestAddress < entry.size else { continue }
      let offset = unsafe address - entry.guestAddress
      return unsafe (entry.base + Int(clamping: offset), Int(clamping: min(count, entry.size - offset)))
    }
    return nil
  }

  /// Finds where this process has `count` bytes at an address of the front end's, all in one region.
  func locate(user address: UInt64, count: UInt64) -> UnsafeMutableRawPointer? {
    for index in unsafe 0..<entries.count {
      let entry = unsafe entries[index]
      guard unsafe address >= entry.userAddress, unsafe address - entry.userAddress < entry.size else { continue }
      let offset = unsafe address - entry.userAddress
      return unsafe count <= entry.size - offset ? entry.base + Int(clamping: offset) : nil
    }
    return nil
  }

  /// Whether the file behind a region was shortened while it was used.
  var isLost: Bool { regions.contains { $0.memory.isLost } }
}
