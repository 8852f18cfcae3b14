/// A value that can be changed where its owner is only borrowed, as a protocol may want it. It is one thread's.
@safe
package struct Cell<Value: ~Copyable>: ~Copyable {
  private let base: UnsafeMutablePointer<Value>
  private let isInUse: UnsafeMutablePointer<Bool>

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

  /// Calls `body` with the value. To do so again within it traps.
  package borrowing func with<Result: ~Copyable, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    unsafe precondition(!isInUse.pointee)
    unsafe isInUse.pointee = true
    defer { unsafe isInUse.pointee = false }
    return try unsafe body(&base.pointee)
  }
}
