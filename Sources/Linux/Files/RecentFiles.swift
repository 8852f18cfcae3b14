/// The last 32 files that were inserted, by device and inode.
package struct RecentFiles {
  private struct Identifier {
    var device: UInt64 = 0
    var inode: UInt64 = 0
  }

  private var files = InlineArray<32, Identifier>(repeating: Identifier())
  private var count = 0
  private var next = 0

  /// No files.
  package init() {}

  package func contains(_ status: FileStatus) -> Bool {
    for index in 0..<count where files[index].inode == status.inode && files[index].device == status.device {
      return true
    }
    return false
  }

  /// Inserts a file, in place of the oldest if there is no room.
  package mutating func insert(_ status: FileStatus) {
    files[next] = Identifier(device: status.device, inode: status.inode)
    next = (next + 1) % files.count
    count = min(count + 1, files.count)
  }
}
