package import SystemPackage

/// The user and group that an operation acts as.
package struct Identity: Equatable, Sendable {
  package let uid: UInt32
  package let gid: UInt32

  /// - Throws: `EINVAL` for the id -1, which isn't a valid id: to the kernel it means "leave unchanged".
  package init(uid: UInt32, gid: UInt32) throws(Errno) {
    guard uid != .max, gid != .max else { throw .invalidArgument }
    self.uid = uid
    self.gid = gid
  }
}
