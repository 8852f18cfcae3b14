import CLinux
import Glibc

/// The directory that all helpers serve, in turns.
struct Share {
  static let file = "dir/file"
  static let directory = "dir/directory"
  static let symbolicLink = "dir/link"
  /// What is made and removed.
  static let new = "dir/new"
  static let fileSize: Int64 = 4096
  static let attribute = "user.postern"
  static let otherAttribute = "user.other"
  static let value = [UInt8]("0123456789abcdef".utf8)

  let path: String
  /// Whether the file system takes extended attributes of users: tmpfs does since Linux 6.6.
  let hasAttributes: Bool

  /// Fills a new directory.
  init(at path: String) throws(Failure) {
    self.path = path
    for directory in ["", "/dir", "/dir/directory"] {
      guard mkdir(path + directory, 0o755) == 0 else { throw Failure("can't make \(path + directory)", errno: errno) }
    }
    let file = "\(path)/\(Self.file)"
    let descriptor = creat(file, 0o644)
    guard descriptor >= 0, truncate(file, Int(Self.fileSize)) == 0, symlink("file", "\(path)/\(Self.symbolicLink)") == 0
    else {
      throw Failure("can't fill \(path)", errno: errno)
    }
    close(descriptor)
    hasAttributes = setxattr(file, Self.attribute, Self.value, Self.value.count, 0) == 0
  }
}
