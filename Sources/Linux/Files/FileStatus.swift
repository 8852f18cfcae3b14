internal import CLinux
internal import Glibc
package import SystemPackage

/// What the kernel says of a file.
///
/// The system call's structure is `struct stat`, `stat(2)`.
package struct FileStatus {
  private var raw: stat

  init(raw: stat) { self.raw = raw }

  /// A status of which every field is 0, for a file that the kernel isn't asked about.
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
  /// Type and permission bits.
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
  /// The device that a device file stands for.
  package var specialDevice: UInt64 {
    get { UInt64(raw.st_rdev) }
    set { raw.st_rdev = dev_t(truncatingIfNeeded: newValue) }
  }
  /// Bytes.
  package var size: UInt64 {
    get { UInt64(bitPattern: Int64(raw.st_size)) }
    set { raw.st_size = Int(truncatingIfNeeded: newValue) }
  }
  /// Bytes.
  package var blockSize: UInt64 {
    get { UInt64(bitPattern: Int64(raw.st_blksize)) }
    set { raw.st_blksize = blksize_t(truncatingIfNeeded: newValue) }
  }
  /// Units of 512 bytes.
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

  /// Whether it is the same object.
  package func isSame(as other: FileStatus) -> Bool {
    inode == other.inode && device == other.device
  }
}

/// What kind of file a mode says, as far as anybody here asks.
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

/// A point in time, or one of the two words that `utimensat(2)` takes in its place.
package struct Time: Equatable, Sendable {
  /// Seconds since 1970.
  package var seconds: Int64
  /// Nanoseconds, or ``now`` or ``unchanged``.
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

/// What is to become of an object, in this order; nil leaves it as it is.
package struct StatusChange {
  /// `UInt32.max` leaves an id as it is.
  package var owner: (uid: UInt32, gid: UInt32)?
  /// Permission bits.
  package var mode: UInt32?
  /// Bytes of a regular file.
  package var size: Int64?
  /// Whether the client's root sets the size: what others do takes set-id bits away.
  package var isRoot = false
  package var times: (access: Time, modification: Time)?

  /// No change.
  package init() {}
}

/// What the kernel says of a file system.
///
/// The system call's structure is `struct statfs`, `statfs(2)`.
package struct FileSystemStatus {
  let raw: statfs

  package var type: UInt64 { UInt64(bitPattern: Int64(raw.f_type)) }
  /// Bytes.
  package var blockSize: UInt64 { UInt64(bitPattern: Int64(raw.f_bsize)) }
  package var blocks: UInt64 { UInt64(raw.f_blocks) }
  package var freeBlocks: UInt64 { UInt64(raw.f_bfree) }
  package var availableBlocks: UInt64 { UInt64(raw.f_bavail) }
  package var files: UInt64 { UInt64(raw.f_files) }
  package var freeFiles: UInt64 { UInt64(raw.f_ffree) }
  package var identifier: (Int32, Int32) { (raw.f_fsid.__val.0, raw.f_fsid.__val.1) }
  /// The longest name, in bytes.
  package var nameLength: UInt64 { UInt64(bitPattern: Int64(raw.f_namelen)) }
  /// Bytes.
  package var fragmentSize: UInt64 { UInt64(bitPattern: Int64(raw.f_frsize)) }
}

extension Descriptor {
  /// The system call is `fstatat`; without `follow`, of a symbolic link itself.
  package borrowing func status(of path: borrowing Path, follow: Bool) throws(Errno) -> FileStatus {
    let flags = follow ? 0 : AT_SYMLINK_NOFOLLOW
    return try at(path) { target throws(Errno) in
      var raw = stat()
      _ = try unsafe valueOrErrno(fstatat(target.directory, target.pointer, &raw, flags))
      return FileStatus(raw: raw)
    }
  }

  /// The system call is `fstat`.
  package borrowing func status() throws(Errno) -> FileStatus {
    var raw = stat()
    _ = try unsafe valueOrErrno(fstat(rawValue, &raw))
    return FileStatus(raw: raw)
  }

  /// The system call is `statfs`, which follows symbolic links.
  package borrowing func fileSystemStatus(
    of path: borrowing Path, home: borrowing Descriptor
  ) throws(Errno) -> FileSystemStatus {
    try unsafe byWorkingDirectory(path, home: home) { pointer throws(Errno) in
      var raw = statfs()
      _ = try unsafe valueOrErrno(kernel: cl_statfs(pointer, &raw))
      return FileSystemStatus(raw: raw)
    }
  }

  /// The inode's generation, or nil where its file system keeps none.
  ///
  /// The system call is `ioctl(FS_IOC_GETVERSION)`, of a regular file or directory.
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
