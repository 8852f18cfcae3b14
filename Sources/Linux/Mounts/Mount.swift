internal import CLinux
internal import Glibc
package import SystemPackage

/// Namespaces and mounts of the process.
package enum Mount {
  /// Moves the process to new mount, network, System V IPC and UTS namespaces.
  ///
  /// The system call is `unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)`.
  /// - Throws: `EPERM` without CAP_SYS_ADMIN.
  package static func unshareNamespaces() throws(Errno) {
    _ = try valueOrErrno(unshare(CL_CLONE_NEWNS | CL_CLONE_NEWNET | CL_CLONE_NEWIPC | CL_CLONE_NEWUTS))
  }

  /// Makes all mounts slaves of the host's: later mounts there appear here, and none of these there.
  ///
  /// The system call is `mount(MS_REC | MS_SLAVE)`.
  package static func followHost() throws(Errno) {
    _ = try unsafe valueOrErrno(Glibc.mount(nil, "/", nil, UInt(Glibc.MS_REC | Glibc.MS_SLAVE), nil))
  }

  /// Clones the mount of a directory with the mounts below it. The clone isn't attached.
  ///
  /// The system call is `open_tree(OPEN_TREE_CLONE | AT_RECURSIVE)`, Linux 5.2.
  package static func clone(_ directory: HostPath = HostPath(".")) throws(Errno) -> Descriptor {
    var path = Path()
    try path.set(directory.bytes)
    let flags = UInt32(CL_OPEN_TREE_CLONE) | UInt32(CL_AT_RECURSIVE) | UInt32(O_CLOEXEC)
    return Descriptor(adopting: CInt(try unsafe valueOrErrno(kernel: cl_open_tree(AT_FDCWD, path.piece(at: 0), flags))))
  }

  /// Mounts a new tmpfs `nosuid,nodev,noexec`. The mount isn't attached.
  ///
  /// The system calls are `fsopen`, `fsconfig` and `fsmount`, Linux 5.2.
  package static func makeEmpty() throws(Errno) -> Descriptor {
    let context = Descriptor(
      adopting: CInt(try unsafe valueOrErrno(kernel: cl_fsopen("tmpfs", UInt32(CL_FSOPEN_CLOEXEC)))))
    _ = try unsafe valueOrErrno(
      kernel: cl_fsconfig(context.rawValue, UInt32(CL_FSCONFIG_SET_STRING), "mode", "755"))
    _ = try valueOrErrno(kernel: cl_fsconfig(context.rawValue, UInt32(CL_FSCONFIG_CMD_CREATE), nil, nil))
    let attributes = UInt32(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
    let mount = try valueOrErrno(kernel: cl_fsmount(context.rawValue, UInt32(CL_FSMOUNT_CLOEXEC), attributes))
    return Descriptor(adopting: CInt(mount))
  }

  /// Makes this mount read-only, but not the mounts below it.
  ///
  /// The system call is `mount_setattr(MOUNT_ATTR_RDONLY)`, Linux 5.12.
  package static func setReadOnly(_ mount: borrowing Descriptor) throws(Errno) {
    var attributes = mount_attr()
    attributes.attr_set = UInt64(MOUNT_ATTR_RDONLY)
    try set(attributes, of: mount, flags: 0)
  }

  /// Makes a user namespace map the owners of files on this mount and on the mounts below it: a file's stored id is an id
  /// within the namespace, and users of the mount see the id outside.
  ///
  /// The system call is `mount_setattr(AT_RECURSIVE)` with `MOUNT_ATTR_IDMAP`, Linux 5.12.
  /// - Throws: `EINVAL` if a file system doesn't support it.
  package static func mapIdentities(
    of mount: borrowing Descriptor, by namespace: borrowing Descriptor
  ) throws(Errno) {
    var attributes = mount_attr()
    attributes.attr_set = UInt64(MOUNT_ATTR_IDMAP)
    attributes.userns_fd = UInt64(namespace.rawValue)
    try set(attributes, of: mount)
  }

  /// Sets `nosuid,nodev,noexec`, and read-only if asked, on this mount and the mounts below it.
  ///
  /// The system call is `mount_setattr(AT_RECURSIVE)`, Linux 5.12.
  package static func setInert(_ mount: borrowing Descriptor, readOnly: Bool) throws(Errno) {
    var attributes = mount_attr()
    attributes.attr_set = UInt64(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
    if readOnly { attributes.attr_set |= UInt64(MOUNT_ATTR_RDONLY) }
    try set(attributes, of: mount)
  }

  private static func set(
    _ attributes: mount_attr, of mount: borrowing Descriptor, flags: UInt32 = UInt32(CL_AT_RECURSIVE)
  ) throws(Errno) {
    var attributes = attributes
    let flags = flags | UInt32(CL_AT_EMPTY_PATH)
    _ = try unsafe valueOrErrno(kernel: cl_mount_setattr(mount.rawValue, "", flags, &attributes))
  }

  /// Attaches a mount at the working directory and makes its root the working directory.
  ///
  /// The system calls are `move_mount` and `fchdir`.
  package static func enter(_ mount: borrowing Descriptor) throws(Errno) {
    _ = try unsafe valueOrErrno(
      kernel: cl_move_mount(mount.rawValue, "", AT_FDCWD, ".", UInt32(CL_MOVE_MOUNT_F_EMPTY_PATH)))
    try mount.becomeWorkingDirectory()
  }

  /// Attaches a mount at a directory in the working directory.
  ///
  /// The system call is `move_mount`.
  package static func put(_ mount: borrowing Descriptor, upon name: borrowing Path) throws(Errno) {
    _ = try unsafe valueOrErrno(
      kernel: cl_move_mount(
        mount.rawValue, "", AT_FDCWD, name.piece(at: 0), UInt32(CL_MOVE_MOUNT_F_EMPTY_PATH)))
  }

  /// Detaches the mount at a path, with the mounts below it, and follows no link there.
  ///
  /// The system call is `umount2(MNT_DETACH | UMOUNT_NOFOLLOW)`.
  /// - Throws: `EINVAL` if nothing is mounted there, or the mount is locked.
  package static func detach(_ path: borrowing Path) throws(Errno) {
    _ = try unsafe valueOrErrno(umount2(path.piece(at: 0), CInt(MNT_DETACH) | CL_UMOUNT_NOFOLLOW))
  }

  /// Makes the mount at the working directory the root, and detaches the old root.
  ///
  /// The system calls are `pivot_root`, `umount2(MNT_DETACH)` and `chdir`. With "." for both directories the old root
  /// ends up mounted above the new one, which needs no directory to put it in (`pivot_root(2)`).
  @discardableResult
  package static func pivotRootToWorkingDirectory() throws(Errno) -> PathRoot {
    _ = try unsafe valueOrErrno(kernel: cl_pivot_root(".", "."))
    _ = try unsafe valueOrErrno(umount2(".", CInt(MNT_DETACH)))
    _ = try unsafe valueOrErrno(chdir("/"))
    return PathRoot()
  }

  /// Makes the working directory the root directory. The system calls are `chroot` and `chdir`.
  package static func changeRootToWorkingDirectory() throws(Errno) -> PathRoot {
    _ = try unsafe valueOrErrno(chroot("."))
    // Otherwise a process whose working directory is elsewhere would be outside its root.
    _ = try unsafe valueOrErrno(chdir("/"))
    return PathRoot()
  }
}

/// Proof that the working directory is the root directory, so that no link and no `..` of a path leads outside. It holds
/// until either is changed.
package struct PathRoot: Sendable {
  fileprivate init() {}

  /// No proof: paths start at the working directory and lead wherever the process may go.
  package static var unconfined: PathRoot { PathRoot() }
}

extension Descriptor {
  /// Makes this directory the working directory. The system call is `fchdir`.
  package borrowing func becomeWorkingDirectory() throws(Errno) {
    _ = try valueOrErrno(fchdir(rawValue))
  }
}
