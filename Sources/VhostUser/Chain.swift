internal import CLinux

/// A request on a ring: the descriptors of its chain, copied.
struct Chain {
  /// The number of its first descriptor, by which the guest knows it.
  private(set) var head: UInt16 = 0
  private(set) var readable: [GuestRange] = []
  private(set) var writable: [GuestRange] = []
  /// Bytes of each.
  private(set) var readableCount: UInt64 = 0
  private(set) var writableCount: UInt64 = 0

  /// Follows a chain from its head, in place of what was here.
  ///
  /// - Throws: the ``RingFault`` that it has.
  mutating func follow(
    _ head: UInt16, of ring: SplitRing, in memory: borrowing GuestMemory, mayBeIndirect: Bool
  ) throws(RingFault) {
    self.head = head
    readable.removeAll(keepingCapacity: true)
    writable.removeAll(keepingCapacity: true)
    (readableCount, writableCount) = (0, 0)
    var descriptor = ring.descriptor(head)
    guard descriptor.flags & RingDescriptor.isIndirect == 0 else {
      guard mayBeIndirect, descriptor.flags & RingDescriptor.hasNext == 0 else { throw .indirectTable }
      return try followTable(descriptor.range, limit: ring.size, in: memory)
    }
    for _ in 0..<ring.size {
      try add(descriptor)
      guard descriptor.flags & RingDescriptor.hasNext != 0 else { return }
      guard descriptor.next < ring.size else { throw .descriptorIndex }
      descriptor = ring.descriptor(descriptor.next)
      guard descriptor.flags & RingDescriptor.isIndirect == 0 else { throw .indirectTable }
    }
    throw .chainLength
  }

  private mutating func followTable(
    _ table: GuestRange, limit: UInt16, in memory: borrowing GuestMemory
  ) throws(RingFault) {
    let count = table.count / UInt32(RingDescriptor.size)
    guard count > 0, table.count % UInt32(RingDescriptor.size) == 0, count <= UInt32(limit) else {
      throw .indirectTable
    }
    var index: UInt32 = 0
    for _ in 0..<count {
      let address = table.address.addingReportingOverflow(UInt64(index) * UInt64(RingDescriptor.size))
      guard !address.overflow,
        let found = unsafe memory.locate(guest: address.partialValue, count: UInt64(RingDescriptor.size)),
        unsafe found.count == RingDescriptor.size
      else { throw .unmapped }
      let descriptor = unsafe SplitRing.descriptor(at: found.place)
      guard descriptor.flags & RingDescriptor.isIndirect == 0 else { throw .indirectTable }
      try add(descriptor)
      guard descriptor.flags & RingDescriptor.hasNext != 0 else { return }
      index = UInt32(descriptor.next)
      guard index < count else { throw .descriptorIndex }
    }
    throw .chainLength
  }

  private mutating func add(_ descriptor: RingDescriptor) throws(RingFault) {
    if descriptor.flags & RingDescriptor.isWritable != 0 {
      writableCount += UInt64(descriptor.range.count)
      if descriptor.range.count > 0 { writable.append(descriptor.range) }
    } else {
      guard writable.isEmpty, writableCount == 0 else { throw .order }
      readableCount += UInt64(descriptor.range.count)
      if descriptor.range.count > 0 { readable.append(descriptor.range) }
    }
  }

  /// Copies the readable bytes to the front of a buffer, as many as it has room for.
  ///
  /// - Returns: how many; fewer than there are where some aren't mapped.
  func copyReadable(to buffer: inout MutableSpan<UInt8>, in memory: borrowing GuestMemory) -> Int {
    var copied = 0
    for range in readable {
      var (address, left) = (range.address, min(UInt64(range.count), UInt64(buffer.count - copied)))
      while left > 0 {
        guard let found = unsafe memory.locate(guest: address, count: left) else { return copied }
        let piece = unsafe UnsafeRawBufferPointer(start: found.place, count: found.count)
        unsafe buffer.withUnsafeMutableBytes { bytes in
          unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[copied..<copied + piece.count]).copyMemory(from: piece)
        }
        copied += piece.count
        left -= UInt64(piece.count)
        address = address.addingReportingOverflow(UInt64(piece.count)).partialValue
      }
    }
    return copied
  }

  /// Copies bytes to the front of the writable ones, for which there must be room.
  ///
  /// - Returns: whether all of it is mapped.
  func copyToWritable(_ bytes: Span<UInt8>, in memory: borrowing GuestMemory) -> Bool {
    var copied = 0
    for range in writable {
      var (address, left) = (range.address, min(UInt64(range.count), UInt64(bytes.count - copied)))
      while left > 0 {
        guard let found = unsafe memory.locate(guest: address, count: left) else { return false }
        let place = unsafe UnsafeMutableRawBufferPointer(start: found.place, count: found.count)
        unsafe bytes.extracting(copied..<copied + place.count).withUnsafeBytes { unsafe place.copyMemory(from: $0) }
        copied += place.count
        left -= UInt64(place.count)
        address = address.addingReportingOverflow(UInt64(place.count)).partialValue
      }
      if copied == bytes.count { return true }
    }
    return copied == bytes.count
  }
}
