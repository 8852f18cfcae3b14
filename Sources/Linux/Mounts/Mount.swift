internal import CLinux
internal import Glibc
package import SystemPackage

/// Namespaces and mounts: what a process sees of the machine.
package enum Mount {
  /// Gives the process a view of mounts, network, System V IPC and host name of its own. The system call is `unshare`.
  ///
  /// - Throws: `EPERM` without CAP_SYS_ADMIN.
  package static func unshareNamespaces() throws(Errno) {
    _ = try valueOrErrno(unshare(CL_CLONE_NEWNS | CL_CLONE_NEWNET | CL_CLONE_NEWIPC | CL_CLONE_NEWUTS))
  }

  /// From now on the host's later mounts still appear here, and none of ours there.
  ///
  /// The system call is `mount(MS_REC | MS_SLAVE)`.
  package static func followHost() throws(Errno) {
    _ = try unsafe valueOrErrno(mount(nil, "/", nil, UInt(Glibc.MS_REC | Glibc.MS_SLAVE), nil))
  }

  /// A second mount of a directory, and of all that is mounted under it, at no place yet.
  ///
  /// The system call is `open_tree(OPEN_TREE_CLONE | AT_RECURSIVE)`, Linux 5.2.
  package static func clone(_ directory: HostPath = HostPath(".")) throws(Errno) -> Descriptor {
    var path = Path()
    try path.set(directory.bytes)
    let flags = UInt32(CL_OPEN_TREE_CLONE) | UInt32(CL_AT_RECURSIVE) | UInt32(O_CLOEXEC)
    return Descriptor(adopting: CInt(try unsafe valueOrErrno(kernel: cl_open_tree(AT_FDCWD, path.piece(at: 0), flags))))
  }

  /// A mount at no place yet of a new tmpfs, where set-id bits, device files and programs mean nothing.
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

  /// Nothing on this mount can be changed from now on; those under it stay as they are.
  ///
  /// The system call is `mount_setattr`, Linux 5.12.
  package static func setReadOnly(_ mount: borrowing Descriptor) throws(Errno) {
    var attributes = mount_attr()
    attributes.attr_set = UInt64(MOUNT_ATTR_RDONLY)
    try set(attributes, of: mount, flags: 0)
  }

  /// Has a user namespace map the owners of files on this mount and on the mounts below it: a file's stored id is an id
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

  /// Set-id bits, device files and programs mean nothing on this mount and on those under it, and nothing on them can be
  /// changed if they are to be read only.
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

  /// Puts a mount that has no place upon the working directory, and moves there.
  ///
  /// The system calls are `move_mount` and `fchdir`.
  package static func enter(_ mount: borrowing Descriptor) throws(Errno) {
    _ = try unsafe valueOrErrno(
      kernel: cl_move_mount(mount.rawValue, "", AT_FDCWD, ".", UInt32(CL_MOVE_MOUNT_F_EMPTY_PATH)))
    try mount.becomeWorkingDirectory()
  }

  /// Puts a mount that has no place upon a directory in the working directory.
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

  /// Makes the mount at the working directory the root of everything, and lets the old root go.
  ///
  /// The system calls are `pivot_root`, `umount2(MNT_DETACH)` and `chdir`. With "." for both directories the old root
  /// ends up mounted above the new one, which needs no directory to put it in (`pivot_root(2)`).
  package static func pivotRootToWorkingDirectory() throws(Errno) {
    _ = try unsafe valueOrErrno(kernel: cl_pivot_root(".", "."))
    _ = try unsafe valueOrErrno(umount2(".", CInt(MNT_DETACH)))
    _ = try unsafe valueOrErrno(chdir("/"))
  }

  /// Makes the working directory the root. The system calls are `chroot` and `chdir`.
  package static func changeRootToWorkingDirectory() throws(Errno) {
    _ = try unsafe valueOrErrno(chroot("."))
    // Harmless where it is the root already; a process that stood elsewhere would be outside its own root.
    _ = try unsafe valueOrErrno(chdir("/"))
  }
}

extension Descriptor {
  /// Makes this directory the working directory. The system call is `fchdir`.
  package borrowing func becomeWorkingDirectory() throws(Errno) {
    _ = try valueOrErrno(fchdir(rawValue))
  }
}
