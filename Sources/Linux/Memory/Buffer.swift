internal import Glibc
package import SystemPackage

/// Memory of a fixed size, filled and read through spans. Untouched pages take no memory.
@safe
package struct Buffer: ~Copyable, @unchecked Sendable {
  private let base: UnsafeMutableBufferPointer<UInt8>

  /// Allocates zeroed memory and ends the process if there is none. The system call is `mmap`.
  package init(capacity: Int) {
    let memory = unsafe mmap(nil, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    // MAP_FAILED. A process without memory at start-up can't go on.
    guard let memory = unsafe memory, Int(bitPattern: memory) != -1 else { die("mmap", error: .noMemory) }
    unsafe base = UnsafeMutableBufferPointer(start: memory.assumingMemoryBound(to: UInt8.self), count: capacity)
  }

  /// Allocates zeroed memory, at least one byte. The system call is `mmap`.
  ///
  /// - Throws: `ENOMEM` if there is no memory.
  package init(upTo capacity: Int) throws(Errno) {
    let memory = unsafe mmap(nil, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory = unsafe memory, Int(bitPattern: memory) != -1 else { throw .noMemory }
    unsafe base = UnsafeMutableBufferPointer(start: memory.assumingMemoryBound(to: UInt8.self), count: capacity)
  }

  deinit {
    unsafe munmap(base.baseAddress, base.count)
  }

  /// The number of bytes.
  package var capacity: Int { unsafe base.count }

  /// The bytes in a range, to read. A range beyond the capacity traps.
  @_lifetime(borrow self)
  package borrowing func span(_ range: Range<Int>) -> Span<UInt8> {
    let all = unsafe Span(_unsafeElements: base)
    return unsafe _overrideLifetime(all.extracting(range), borrowing: self)
  }

  /// The bytes in a range, to write. A range beyond the capacity traps.
  @_lifetime(&self)
  package mutating func mutableSpan(_ range: Range<Int>) -> MutableSpan<UInt8> {
    let part = unsafe UnsafeMutableBufferPointer(rebasing: base[range])
    let all = unsafe MutableSpan(_unsafeElements: part)
    return unsafe _overrideLifetime(all, mutating: &self)
  }

  /// Copies bytes to an offset. Bytes beyond the capacity trap.
  package mutating func copy(_ bytes: Span<UInt8>, to start: Int) {
    let room = unsafe UnsafeMutableBufferPointer(rebasing: base[start..<start + bytes.count])
    unsafe bytes.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(room).copyMemory(from: $0) }
  }

  /// Moves the bytes in a range to offset 0.
  package mutating func moveToFront(_ range: Range<Int>) {
    let source = unsafe UnsafeMutableBufferPointer(rebasing: base[range])
    unsafe UnsafeMutableRawBufferPointer(base).copyMemory(from: UnsafeRawBufferPointer(source))
  }
}
