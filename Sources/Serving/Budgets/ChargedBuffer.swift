internal import Linux
package import SystemPackage

/// A buffer whose bytes are charged to a ``MemoryBudget``.
package struct ChargedBuffer: ~Copyable {
  private var bytes: Buffer
  /// Nil for a buffer that each connection has in any case.
  private let charge: MemoryCharge?

  /// Creates a buffer, charged with its own bytes and `more`, which the owner may come to need.
  ///
  /// - Throws: `ENOMEM` if the budget has no room, or the process no memory.
  package init(_ capacity: Int, and more: Int = 0, of memory: ClientMemory) throws(Errno) {
    let charge = try MemoryCharge(Self.inPages(capacity) + Self.inPages(more), of: memory)
    bytes = try Buffer(upTo: capacity)
    self.charge = consume charge
  }

  /// Creates a buffer that isn't charged.
  ///
  /// - Throws: `ENOMEM` if the process has no memory.
  package init(uncounted capacity: Int) throws(Errno) {
    bytes = try Buffer(upTo: capacity)
    charge = nil
  }

  /// Rounds up to whole pages, as a mapping does.
  private static func inPages(_ bytes: Int) -> Int { (bytes + 4095) & ~4095 }

  package var capacity: Int { bytes.capacity }

  /// As ``Linux/Buffer/span(_:)``.
  @_lifetime(borrow self)
  package borrowing func span(_ range: Range<Int>) -> Span<UInt8> { bytes.span(range) }

  /// As ``Linux/Buffer/mutableSpan(_:)``.
  @_lifetime(&self)
  package mutating func mutableSpan(_ range: Range<Int>) -> MutableSpan<UInt8> { bytes.mutableSpan(range) }

  package mutating func copy(_ bytes: Span<UInt8>, to start: Int) { self.bytes.copy(bytes, to: start) }

  package mutating func moveToFront(_ range: Range<Int>) { bytes.moveToFront(range) }
}
