package import SystemPackage

/// A socket's name in the file system, which is removed when this value ends.
///
/// The directory is held by a descriptor, so that the name can be removed in a sandbox, too. It is removed only if it is
/// still the same file: a client may have removed it, and another process may have bound its own.
package struct SocketFile: ~Copyable {
  private let directory: Descriptor
  private let name: Path
  private let device: UInt64
  private let inode: UInt64

  /// Takes the name that a socket was just bound to.
  package init(_ path: HostPath) throws(Errno) {
    let directory = try Self.directory(of: path)
    let name = try Self.name(of: path)
    let status = try directory.status(of: name, follow: false)
    self.directory = directory
    self.name = name
    device = status.device
    inode = status.inode
  }

  /// Returns the status of the file with this name. The system call is `fstatat`.
  package static func status(_ path: HostPath) throws(Errno) -> FileStatus {
    try directory(of: path).status(of: try name(of: path), follow: false)
  }

  /// Removes a name. The system call is `unlinkat`.
  package static func remove(_ path: HostPath) throws(Errno) {
    try directory(of: path).unlink(try name(of: path))
  }

  deinit {
    do throws(Errno) {
      let status = try directory.status(of: name, follow: false)
      guard status.device == device, status.inode == inode else { return }
      try directory.unlink(name)
    } catch {
      // It is gone already: QEMU removes it as soon as it has connected.
    }
  }

  /// Changes the group of a socket of this user, unless it is that group's.
  ///
  /// The system call is `fchownat`.
  /// - Throws: `EEXIST` if the file with the name isn't the user's socket any more.
  package borrowing func give(to owner: Identity) throws(Errno) {
    let status = try directory.status(of: name, follow: false)
    guard isOwn(status), status.uid == owner.uid else { throw .fileExists }
    guard status.gid != owner.gid else { return }
    // The object is checked and changed by a descriptor, whatever has the name by now.
    let object = try directory.find(name)
    let found = try object.status()
    guard isOwn(found), found.uid == owner.uid else { throw .fileExists }
    try object.chown(uid: .max, gid: owner.gid)
  }

  private borrowing func isOwn(_ status: FileStatus) -> Bool {
    status.isSocket && status.device == device && status.inode == inode
  }
}

extension SocketFile {
  private static func directory(of path: HostPath) throws(Errno) -> Descriptor {
    try .directory(path.directory)
  }

  private static func name(of path: HostPath) throws(Errno) -> Path {
    var name = Path()
    try name.set(path.lastComponent)
    return name
  }
}
