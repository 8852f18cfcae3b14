package import Linux
package import SystemPackage

// Changing an object, and its extended attributes.
extension Export {
  /// Makes one change after the other. If one fails, those before it stay made. `isOpen` says that the object is open for
  /// writing.
  ///
  /// - Throws: `EOVERFLOW` for an id that doesn't exist here, as when creating. The kernel says so where the mount
  ///   translates ids, and `EINVAL` where a user namespace does.
  package func change(_ object: borrowing Descriptor, by change: StatusChange, isOpen: Bool) throws(Errno) {
    try access.requireWritable()
    if let owner = change.owner {
      do throws(Errno) {
        try object.chown(uid: owner.uid, gid: owner.gid)
      } catch .invalidArgument {
        throw .overflow
      }
    }
    if let mode = change.mode { try object.chmod(to: mode.permissions) }
    if let size = change.size {
      try ownership.truncating(isRoot: change.isRoot) { () throws(Errno) in
        if isOpen { try object.ftruncate(to: size) } else { try object.truncate(to: size) }
      }
    }
    if let times = change.times { try object.utimens(access: times.access, modification: times.modification) }
  }

  /// Reads an extended attribute's value.
  package func attribute(
    _ name: Span<UInt8>, of object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try self.name.with(name) { name throws(Errno) in try object.getxattr(name, into: &buffer) }
  }

  /// Lists all extended attributes' names, each with its NUL.
  package func attributes(
    of object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try object.listxattr(into: &buffer)
  }

  /// Sets an extended attribute; `flags` are `setxattr(2)`'s.
  package func setAttribute(
    _ name: Span<UInt8>, of object: borrowing Descriptor, to value: Span<UInt8>, flags: Int32
  ) throws(Errno) {
    try access.requireWritable()
    try self.name.with(name) { name throws(Errno) in try object.setxattr(name, to: value, flags: flags) }
  }

  /// Removes an extended attribute.
  package func removeAttribute(_ name: Span<UInt8>, of object: borrowing Descriptor) throws(Errno) {
    try access.requireWritable()
    try self.name.with(name) { name throws(Errno) in try object.removexattr(name) }
  }
}
