/// A value that can be changed while its owner is only borrowed, like Rust's `RefCell`. Only one thread may use it.
@safe
package struct Cell<Value: ~Copyable>: ~Copyable {
  @usableFromInline let base: UnsafeMutablePointer<Value>
  @usableFromInline let isInUse: UnsafeMutablePointer<Bool>

  package init(_ value: consuming Value) {
    unsafe base = .allocate(capacity: 1)
    unsafe base.initialize(to: value)
    unsafe isInUse = .allocate(capacity: 1)
    unsafe isInUse.initialize(to: false)
  }

  deinit {
    unsafe base.deinitialize(count: 1)
    unsafe base.deallocate()
    unsafe isInUse.deallocate()
  }

  /// Calls `body` with the value. A nested call traps.
  @inlinable
  package borrowing func with<Result: ~Copyable, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    unsafe precondition(!isInUse.pointee)
    unsafe isInUse.pointee = true
    defer { unsafe isInUse.pointee = false }
    return try unsafe body(&base.pointee)
  }
}
