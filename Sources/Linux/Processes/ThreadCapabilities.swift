internal import CLinux
package import SystemPackage

/// The calling thread's capability sets.
package struct ThreadCapabilities: Equatable, Sendable {
  package var effective: Capabilities
  package var permitted: Capabilities
  package var inheritable: Capabilities

  package init(effective: Capabilities, permitted: Capabilities, inheritable: Capabilities) {
    self.effective = effective
    self.permitted = permitted
    self.inheritable = inheritable
  }

  /// Returns the calling thread's sets. The system call is `capget`.
  package static func current() throws(Errno) -> ThreadCapabilities {
    var raw = cl_capabilities()
    _ = try unsafe valueOrErrno(kernel: cl_get_capabilities(&raw))
    return ThreadCapabilities(
      effective: Capabilities(rawValue: raw.effective), permitted: Capabilities(rawValue: raw.permitted),
      inheritable: Capabilities(rawValue: raw.inheritable))
  }

  /// Calls `body` without CAP_FSETID; these must be the calling thread's sets. See ``ThreadIdentity/clearingSetIDs(_:)``.
  package func clearingSetIDs<Value: ~Copyable>(_ body: () throws(Errno) -> Value) throws(Errno) -> Value {
    guard effective.contains(.fsetid) else { return try body() }
    try ThreadCapabilities(
      effective: effective.subtracting(.fsetid), permitted: permitted, inheritable: inheritable
    ).apply()
    defer {
      do throws(Errno) {
        try apply()
      } catch {
        die("can't take the own capabilities back", error: error)
      }
    }
    return try body()
  }

  /// Sets the calling thread's sets. The system call is `capset`.
  package func apply() throws(Errno) {
    var raw = cl_capabilities(
      effective: effective.rawValue, permitted: permitted.rawValue, inheritable: inheritable.rawValue)
    _ = try unsafe valueOrErrno(kernel: cl_set_capabilities(&raw))
  }
}
