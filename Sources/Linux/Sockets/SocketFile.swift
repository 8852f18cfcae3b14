package import SystemPackage

/// A socket's name in the file system, which goes with this value.
///
/// It is held by its directory, so that it can be removed from behind a sandbox too, and only where it is still the same
/// file: the client may have removed it, and another may have made its own there.
package struct SocketFile: ~Copyable {
  private let directory: Descriptor
  private let name: Path
  private let device: UInt64
  private let inode: UInt64

  /// The name that a socket was just bound to.
  package init(_ path: HostPath) throws(Errno) {
    let directory = try Self.directory(of: path)
    let name = try Self.name(of: path)
    let status = try directory.status(of: name, follow: false)
    self.directory = directory
    self.name = name
    device = status.device
    inode = status.inode
  }

  /// What has this name. The system call is `fstatat`.
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
      // It has gone already: QEMU removes it as soon as it has connected.
    }
  }

  /// Gives a socket of this user to a group as well, where it isn't that group's.
  ///
  /// - Throws: `EEXIST` where what has the name isn't the user's socket any more.
  package borrowing func give(to owner: Identity) throws(Errno) {
    let status = try directory.status(of: name, follow: false)
    guard isOwn(status), status.uid == owner.uid else { throw .fileExists }
    guard status.gid != owner.gid else { return }
    // The object that was looked at, whatever has the name by now.
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
