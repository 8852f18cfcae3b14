internal import Glibc
internal import SystemPackage

/// The descriptors of received packets, in order. Those that aren't taken are closed at the end.
package struct ReceivedDescriptors: ~Copyable {
  private var numbers: InlineArray<128, CInt> = .init(repeating: -1)
  private var first = 0
  private var end = 0
  /// The number of descriptors that came with the last packet.
  package private(set) var arrived = 0
  /// True if the last packet lost descriptors: the process has no room for more.
  package private(set) var isCut = false

  package init() {}

  deinit {
    for index in first..<end { _ = close(numbers[index]) }
  }

  package var isEmpty: Bool { first == end }

  /// The number of those that nobody has taken.
  package var count: Int { end - first }

  /// Takes the first descriptor that is left.
  package mutating func takeFirst() -> Descriptor? {
    guard first < end else { return nil }
    first += 1
    return Descriptor(adopting: numbers[first - 1])
  }

  /// Takes the last descriptor.
  package mutating func takeLast() -> Descriptor? {
    guard first < end else { return nil }
    end -= 1
    return Descriptor(adopting: numbers[end])
  }

  /// Adds the descriptors of a packet, which `body` receives.
  ///
  /// - Throws: `EMSGSIZE` if there may not be room for them, or the error of `body`.
  mutating func receive(
    _ body: (UnsafeMutablePointer<CInt>, inout CUnsignedInt, inout Bool) throws(Errno) -> Int
  ) throws(Errno) -> Int {
    (arrived, isCut) = (0, false)
    if isEmpty { (first, end) = (0, 0) }
    guard end + PassedDescriptors.most <= numbers.count else { throw .messageTooLong }
    var passed: CUnsignedInt = 0
    var cut = false
    defer {
      end += Int(passed)
      (arrived, isCut) = (Int(passed), cut)
    }
    var free = numbers.mutableSpan
    let start = end
    return try unsafe free.withUnsafeMutableBufferPointer { numbers throws(Errno) in
      guard let base = numbers.baseAddress else { throw .invalidArgument }
      return try unsafe body(base + start, &passed, &cut)
    }
  }
}
