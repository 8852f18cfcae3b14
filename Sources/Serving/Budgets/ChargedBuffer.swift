internal import Linux
package import SystemPackage

/// A buffer whose bytes count among those of the budget.
package struct ChargedBuffer: ~Copyable {
  private var bytes: Buffer
  /// Nil for those that each connection has in any case.
  private let charge: MemoryCharge?

  /// Beside its own bytes so many `more` count, for what it may come to need.
  ///
  /// - Throws: `ENOMEM` where the budget has no room, or the process no memory.
  package init(_ capacity: Int, and more: Int = 0, of memory: ClientMemory) throws(Errno) {
    let charge = try MemoryCharge(Self.inPages(capacity) + Self.inPages(more), of: memory)
    bytes = try Buffer(upTo: capacity)
    self.charge = consume charge
  }

  /// One that doesn't count.
  ///
  /// - Throws: `ENOMEM` where the process has no memory.
  package init(uncounted capacity: Int) throws(Errno) {
    bytes = try Buffer(upTo: capacity)
    charge = nil
  }

  /// What a mapping takes.
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
