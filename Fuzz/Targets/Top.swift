internal import Linux

/// Where every way up ends.
struct Top: ~Copyable {
  /// The export's root.
  let root: Linux.FileStatus
  private var upwards = Path()

  /// In the export are less than `depth` directories one in another.
  init(_ root: Linux.FileStatus, depth: Int) {
    self.root = root
    let path = Array(String(repeating: "../", count: depth).utf8)
    try? upwards.set(path.span)
  }

  /// Up and up from a directory that was handed out is the export's root, and never what is above.
  func check(above directory: borrowing Descriptor) {
    // From a directory that has been removed the way may be barred.
    guard let top = try? directory.status(of: upwards, follow: true) else { return }
    if !top.isSame(as: root) { violated("a directory leads out of the export") }
  }
}
