internal import SystemPackage

// Arguments that a request can't carry, or that QEMU's own helper would misread, are refused before anything is sent.

extension Span where Element == UInt8 {
  /// Whether a byte is 0.
  var holdsNUL: Bool {
    for index in indices where self[index] == 0 { return true }
    return false
  }

  /// Refuses an empty path, and one with a NUL, where a helper would cut it. The encoder checks its length.
  func checkPath() throws(ProxyClient.Failure) {
    guard !isEmpty else { throw .refused(.noSuchFileOrDirectory) }
    guard !holdsNUL else { throw .refused(.invalidArgument) }
  }

  /// Refuses a name of an extended attribute that the kernel's limit, 255 bytes, or a NUL makes invalid.
  func checkAttributeName() throws(ProxyClient.Failure) {
    guard (1...255).contains(count) else { throw .refused(.outOfRange) }
    guard !holdsNUL else { throw .refused(.invalidArgument) }
  }
}

extension ProxyClient {
  /// Refuses the user or group -1: to the system calls that switch identities it means "unchanged", and QEMU's own helper
  /// would make the file as itself.
  func checkOwner(uid: UInt32, gid: UInt32) throws(Failure) {
    guard uid != .max, gid != .max else { throw .refused(.invalidArgument) }
  }
}
