import CLinux
import Glibc

/// The directory that is served, which becomes the working directory as well.
struct Share {
  static let file = "directory/file"
  static let symbolicLink = "directory/link"
  /// What there isn't.
  static let nothing = "directory/nothing"
  static let attribute = "user.postern"
  static let value = [UInt8]("0123456789abcdef".utf8)

  /// Whether the file system keeps generations of inodes: ext4, XFS and btrfs do, overlayfs doesn't.
  let hasGenerations: Bool

  init(at path: String) throws(Failure) {
    umask(0)
    guard chdir(path) == 0, mkdir("directory", 0o777) == 0, symlink("file", Self.symbolicLink) == 0 else {
      throw Failure("can't fill \(path)", errno: errno)
    }
    let file = open(Self.file, O_CREAT | O_RDWR, 0o644)
    guard file >= 0 else { throw Failure("can't make \(Self.file)", errno: errno) }
    var generation: UInt32 = 0
    hasGenerations = cl_get_generation(file, &generation) == 0
    close(file)
    guard setxattr(Self.file, Self.attribute, Self.value, Self.value.count, 0) == 0 else {
      throw Failure("\(path) is on a file system without extended attributes; TMPDIR chooses another", errno: errno)
    }
  }
}
