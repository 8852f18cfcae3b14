internal import SystemPackage

// What the wire can't say, or the original helper would take for something else, is refused before it is sent.

extension Span where Element == UInt8 {
  var holdsNUL: Bool {
    for index in indices where self[index] == 0 { return true }
    return false
  }

  /// A path: a helper would take it up to its first NUL. Its length is the encoder's to judge.
  func checkPath() throws(ProxyClient.Failure) {
    guard !isEmpty else { throw .refused(.noSuchFileOrDirectory) }
    guard !holdsNUL else { throw .refused(.invalidArgument) }
  }

  /// An extended attribute's name, of which the kernel has 255 bytes at most.
  func checkAttributeName() throws(ProxyClient.Failure) {
    guard (1...255).contains(count) else { throw .refused(.outOfRange) }
    guard !holdsNUL else { throw .refused(.invalidArgument) }
  }
}

/// Who owns what is made. Of -1 the system calls that switch identities make "as it is": the original helper's own.
func checkOwner(uid: UInt32, gid: UInt32) throws(ProxyClient.Failure) {
  guard uid != .max, gid != .max else { throw .refused(.invalidArgument) }
}
