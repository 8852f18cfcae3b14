internal import CLinux
internal import Glibc
package import SystemPackage

/// The status of a file: `struct stat`, `stat(2)`.
package struct FileStatus {
  private var raw: stat

  init(raw: stat) { self.raw = raw }

  /// Creates a status of which every field is 0, for one that another process reports.
  package init() { raw = stat() }

  package var device: UInt64 {
    get { UInt64(raw.st_dev) }
    set { raw.st_dev = dev_t(truncatingIfNeeded: newValue) }
  }
  package var inode: UInt64 {
    get { UInt64(raw.st_ino) }
    set { raw.st_ino = ino_t(truncatingIfNeeded: newValue) }
  }
  package var links: UInt64 {
    get { UInt64(raw.st_nlink) }
    set { raw.st_nlink = nlink_t(truncatingIfNeeded: newValue) }
  }
  /// The type and permission bits.
  package var mode: UInt32 {
    get { raw.st_mode }
    set { raw.st_mode = newValue }
  }
  package var uid: UInt32 {
    get { raw.st_uid }
    set { raw.st_uid = newValue }
  }
  package var gid: UInt32 {
    get { raw.st_gid }
    set { raw.st_gid = newValue }
  }
  /// The device number of a device file.
  package var specialDevice: UInt64 {
    get { UInt64(raw.st_rdev) }
    set { raw.st_rdev = dev_t(truncatingIfNeeded: newValue) }
  }
  /// The size in bytes.
  package var size: UInt64 {
    get { UInt64(bitPattern: Int64(raw.st_size)) }
    set { raw.st_size = Int(truncatingIfNeeded: newValue) }
  }
  /// The preferred size of reads and writes, in bytes.
  package var blockSize: UInt64 {
    get { UInt64(bitPattern: Int64(raw.st_blksize)) }
    set { raw.st_blksize = blksize_t(truncatingIfNeeded: newValue) }
  }
  /// The space that the file takes, in units of 512 bytes.
  package var blocks: UInt64 {
    get { UInt64(bitPattern: Int64(raw.st_blocks)) }
    set { raw.st_blocks = blkcnt_t(truncatingIfNeeded: newValue) }
  }
  package var access: Time {
    get { Time(raw.st_atim) }
    set { raw.st_atim = newValue.raw }
  }
  package var modification: Time {
    get { Time(raw.st_mtim) }
    set { raw.st_mtim = newValue.raw }
  }
  package var change: Time {
    get { Time(raw.st_ctim) }
    set { raw.st_ctim = newValue.raw }
  }

  package var isSocket: Bool { mode & UInt32(Glibc.S_IFMT) == UInt32(Glibc.S_IFSOCK) }

  package var kind: FileKind { FileKind(mode: mode) }

  /// Compares the device and inode, which are the same for the same object.
  package func isSame(as other: FileStatus) -> Bool {
    inode == other.inode && device == other.device
  }
}

/// The kinds of file that the server treats differently.
package enum FileKind: Sendable {
  case regular, directory, symbolicLink, other

  package init(mode: UInt32) {
    switch mode & UInt32(Glibc.S_IFMT) {
    case UInt32(Glibc.S_IFREG): self = .regular
    case UInt32(Glibc.S_IFDIR): self = .directory
    case UInt32(Glibc.S_IFLNK): self = .symbolicLink
    default: self = .other
    }
  }
}

/// A point in time, or one of the two special values of `utimensat(2)`.
package struct Time: Equatable, Sendable {
  /// The seconds since 1970.
  package var seconds: Int64
  /// The nanoseconds, or ``now`` or ``unchanged``.
  package var nanoseconds: Int64

  /// `UTIME_NOW`.
  package static let now: Int64 = 0x3fff_ffff
  /// `UTIME_OMIT`.
  package static let unchanged: Int64 = 0x3fff_fffe

  package init(seconds: Int64, nanoseconds: Int64) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  init(_ raw: timespec) {
    self.init(seconds: Int64(raw.tv_sec), nanoseconds: Int64(raw.tv_nsec))
  }

  var raw: timespec { timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds)) }
}

/// The changes of an object's status, in the order that they are made in; nil makes none.
package struct StatusChange {
  /// The new owner and group; `UInt32.max` leaves an id unchanged.
  package var owner: (uid: UInt32, gid: UInt32)?
  /// The new permission bits.
  package var mode: UInt32?
  /// The new size in bytes of a regular file.
  package var size: Int64?
  /// True if the client's root sets the size. If others do, the file loses its set-id bits.
  package var isRoot = false
  package var times: (access: Time, modification: Time)?

  /// Creates a value without changes.
  package init() {}
}

/// The status of a file system: `struct statfs`, `statfs(2)`.
package struct FileSystemStatus {
  let raw: statfs

  package var type: UInt64 { UInt64(bitPattern: Int64(raw.f_type)) }
  /// The unit of the numbers of blocks, in bytes.
  package var blockSize: UInt64 { UInt64(bitPattern: Int64(raw.f_bsize)) }
  package var blocks: UInt64 { UInt64(raw.f_blocks) }
  package var freeBlocks: UInt64 { UInt64(raw.f_bfree) }
  package var availableBlocks: UInt64 { UInt64(raw.f_bavail) }
  package var files: UInt64 { UInt64(raw.f_files) }
  package var freeFiles: UInt64 { UInt64(raw.f_ffree) }
  package var identifier: (Int32, Int32) { (raw.f_fsid.__val.0, raw.f_fsid.__val.1) }
  /// The maximum length of a name, in bytes.
  package var nameLength: UInt64 { UInt64(bitPattern: Int64(raw.f_namelen)) }
  /// The fragment size in bytes.
  package var fragmentSize: UInt64 { UInt64(bitPattern: Int64(raw.f_frsize)) }
}

extension Descriptor {
  /// Reads the status of a file; without `follow`, of a symbolic link itself. The system call is `fstatat`.
  package borrowing func status(of path: borrowing Path, follow: Bool) throws(Errno) -> FileStatus {
    let flags = follow ? 0 : AT_SYMLINK_NOFOLLOW
    return try at(path) { target throws(Errno) in
      var raw = stat()
      _ = try unsafe valueOrErrno(fstatat(target.directory, target.pointer, &raw, flags))
      return FileStatus(raw: raw)
    }
  }

  /// Reads the status of this file. The system call is `fstat`.
  package borrowing func status() throws(Errno) -> FileStatus {
    var raw = stat()
    _ = try unsafe valueOrErrno(fstat(rawValue, &raw))
    return FileStatus(raw: raw)
  }

  /// Reads the status of the file system that a path leads to, over symbolic links. The system call is `statfs`.
  package borrowing func fileSystemStatus(
    of path: borrowing Path, home: borrowing Descriptor
  ) throws(Errno) -> FileSystemStatus {
    try unsafe byWorkingDirectory(path, home: home) { pointer throws(Errno) in
      var raw = statfs()
      _ = try unsafe valueOrErrno(kernel: cl_statfs(pointer, &raw))
      return FileSystemStatus(raw: raw)
    }
  }

  /// Reads the inode's generation; returns nil if the file system keeps none. The file must be a regular file or directory.
  ///
  /// The system call is `ioctl(FS_IOC_GETVERSION)`.
  package borrowing func generation() throws(Errno) -> UInt32? {
    var generation: UInt32 = 0
    do throws(Errno) {
      _ = try unsafe valueOrErrno(kernel: cl_get_generation(rawValue, &generation))
    } catch .inappropriateIOCTLForDevice, .notSupported, .noFunction {
      return nil
    }
    return generation
  }
}
