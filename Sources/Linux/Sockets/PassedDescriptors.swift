internal import CLinux

/// The numbers of descriptors to send with a packet. Their owners must not close them before the packet is sent.
package struct PassedDescriptors {
  private var numbers: InlineArray<64, CInt> = .init(repeating: -1)
  /// The number of descriptors.
  package private(set) var count = 0

  /// The most descriptors of one packet.
  package static let most = Int(CL_MOST_DESCRIPTORS)

  package init() {}

  /// Appends a descriptor. There is room for ``most``.
  package mutating func append(_ descriptor: borrowing Descriptor) {
    numbers[count] = descriptor.rawValue
    count += 1
  }

  /// Returns a descriptor's index, and appends it if it is new. All of them must still be open.
  mutating func index(of descriptor: borrowing Descriptor) -> Int {
    for index in 0..<count where numbers[index] == descriptor.rawValue { return index }
    append(descriptor)
    return count - 1
  }

  mutating func removeAll() { count = 0 }

  /// Returns true if this descriptor is among them.
  func contains(_ descriptor: borrowing Descriptor) -> Bool {
    for index in 0..<count where numbers[index] == descriptor.rawValue { return true }
    return false
  }

  var span: Span<CInt> {
    @_lifetime(borrow self)
    borrowing get { numbers.span.extracting(first: count) }
  }
}
