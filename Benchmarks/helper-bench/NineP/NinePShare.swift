import Glibc

/// The directory that all servers of 9P serve.
struct NinePShare {
  static let file = "file"
  static let fileSize = 4096
  /// A directory with ``entries`` files.
  static let many = "many"
  static let entries = 1000
  /// Files of ``dataSize`` bytes: each word of the one is its own number, the other is written.
  static let data = "data"
  static let written = "written"
  static let dataSize = 16 << 20
  /// The most lanes that rename each a file of its own.
  private static let lanes: UInt16 = 64

  static func renamed(_ lane: UInt16) -> String { "one-\(lane)" }

  let path: String

  /// Fills a new directory.
  init(at path: String) throws(Failure) {
    self.path = path
    for directory in [path, "\(path)/\(Self.many)"] {
      guard mkdir(directory, 0o755) == 0 else { throw Failure("can't make \(directory)", errno: errno) }
    }
    for index in 0..<Self.entries { try make("\(Self.many)/file-\(index)", []) }
    for lane in 1...Self.lanes { try make(Self.renamed(lane), []) }
    try make(Self.file, [UInt8](repeating: 1, count: Self.fileSize))
    let words = (0..<UInt64(Self.dataSize / 8)).map(\.littleEndian)
    let bytes = words.withUnsafeBytes { Array($0) }
    for name in [Self.data, Self.written] { try make(name, bytes) }
  }

  /// Looks at what was written: whether the first `count` pieces of so many bytes begin with this word.
  func checkWritten(_ word: UInt64, pieces count: Int, of size: Int, by server: String) throws(Failure) {
    let file = Glibc.open("\(path)/\(Self.written)", O_RDONLY)
    guard file >= 0 else { throw Failure("can't look at what was written", errno: errno) }
    defer { close(file) }
    for piece in 0..<min(count, Self.dataSize / size) {
      var found: UInt64 = 0
      guard pread(file, &found, 8, piece * size) == 8, UInt64(littleEndian: found) == word else {
        throw Failure("\(server) says that it has written what isn't there")
      }
    }
  }

  private func make(_ name: String, _ bytes: [UInt8]) throws(Failure) {
    guard let file = fopen("\(path)/\(name)", "w") else { throw Failure("can't make \(name)", errno: errno) }
    let written = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, written == bytes.count else { throw Failure("can't write \(name)", errno: errno) }
  }
}
