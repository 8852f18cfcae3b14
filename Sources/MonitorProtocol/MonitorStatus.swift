/// The status of an object that was made, as far as a qid needs it: `device[8] inode[8] mode[4] size[8] mtime[16]`.
public struct MonitorStatus: Equatable, Sendable {
  /// `st_dev`.
  public let device: UInt64
  /// `st_ino`.
  public let inode: UInt64
  /// `st_mode`.
  public let mode: UInt32
  /// `st_size`.
  public let size: UInt64
  /// `st_mtim`.
  public let modification: MonitorTime

  /// Creates a status of these fields.
  public init(device: UInt64, inode: UInt64, mode: UInt32, size: UInt64, modification: MonitorTime) {
    self.device = device
    self.inode = inode
    self.mode = mode
    self.size = size
    self.modification = modification
  }
}
