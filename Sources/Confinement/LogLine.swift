package import Linux

/// A line of the log, built without `String`, whose machinery is a third of a small program's memory.
package struct LogLine: ~Copyable {
  private var storage: InlineArray<1024, UInt8> = .init(repeating: 0)
  private var count = 0

  package init(_ text: StaticString) {
    add(text)
  }

  init() {}

  /// Adds text. Bytes beyond the capacity of a line are left out.
  package mutating func add(_ text: StaticString) {
    let bytes = unsafe Span(_unsafeStart: text.utf8Start, count: text.utf8CodeUnitCount)
    add(unsafe _overrideLifetime(bytes, copying: ()))
  }

  /// Adds bytes. Control characters, which could end the line or drive a terminal, become `?`.
  package mutating func add(_ bytes: Span<UInt8>) {
    for index in bytes.indices where count < storage.count {
      let byte = bytes[index]
      storage[count] = byte < 0x20 || byte == 0x7f ? UInt8(ascii: "?") : byte
      count += 1
    }
  }

  /// Adds the names of capabilities, separated by commas.
  package mutating func add(_ capabilities: Capabilities) {
    var isFirst = true
    capabilities.forEachName {
      if !isFirst { add(",") }
      add($0)
      isFirst = false
    }
  }

  /// Adds a number in decimal digits.
  mutating func add(_ number: UInt32) {
    if number > 9 { add(number / 10) }
    let digit: InlineArray<1, UInt8> = [UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10)]
    add(digit.span)
  }

  /// Adds a newline, in place of the last byte if the line is full.
  mutating func end() {
    count = min(count, storage.count - 1)
    storage[count] = 10
    count += 1
  }

  var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get { storage.span.extracting(first: count) }
  }
}
