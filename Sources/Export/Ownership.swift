package import Linux
package import SystemPackage

/// A security model: decides as whom the host's kernel is asked to make and change files for a guest's users.
package protocol Ownership: ~Copyable {
  /// Calls `body` so that the files that it makes belong to `identity`.
  borrowing func making<Value: ~Copyable>(
    as identity: Identity, _ body: () throws(Errno) -> Value
  ) throws(Errno) -> Value
  /// Calls `body`, which truncates a file. The file keeps its set-id bits only if a guest's root truncates it.
  borrowing func truncating<Value: ~Copyable>(
    isRoot: Bool, _ body: () throws(Errno) -> Value
  ) throws(Errno) -> Value
  /// Calls `body`, which writes to a file. The file keeps its set-id bits only if a guest's root writes to it.
  borrowing func writing<Value: ~Copyable>(
    isRoot: Bool, _ body: () throws(Errno) -> Value
  ) throws(Errno) -> Value
}

/// The security model `passthrough`: a guest's users are the host's users of the same ids.
package struct Passthrough: ~Copyable, Ownership {
  private let identity: ThreadIdentity
  private let ordinary: OrdinaryWriting

  /// Remembers the calling thread's identity, which its other operations are performed with.
  ///
  /// The system calls are those of ``Linux/ThreadIdentity`` and ``Linux/OrdinaryWriting``.
  package init() throws(Errno) {
    let identity = try ThreadIdentity()
    ordinary = try OrdinaryWriting()
    self.identity = identity
  }

  @inline(__always)
  package borrowing func making<Value: ~Copyable>(
    as identity: Identity, _ body: () throws(Errno) -> Value
  ) throws(Errno) -> Value {
    try self.identity.acting(as: identity, body)
  }

  @inline(__always)
  package borrowing func truncating<Value: ~Copyable>(
    isRoot: Bool, _ body: () throws(Errno) -> Value
  ) throws(Errno) -> Value {
    if isRoot { return try body() }
    return try identity.clearingSetIDs(body)
  }

  @inline(__always)
  package borrowing func writing<Value: ~Copyable>(
    isRoot: Bool, _ body: () throws(Errno) -> Value
  ) throws(Errno) -> Value {
    if isRoot { return try body() }
    return try ordinary.write(body)
  }
}
