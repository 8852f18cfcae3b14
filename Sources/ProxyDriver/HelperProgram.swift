public import SystemPackage

/// The command line of a helper that ``ProxyClient/init(starting:)`` starts.
public struct HelperProgram: Sendable {
  /// The words of the command line, each terminated by a NUL.
  let words: [UInt8]
  /// Seconds that it has to answer its first request.
  public var startTimeout = 10

  /// A helper that serves a directory in the foreground.
  ///
  /// - Parameters:
  ///   - path: the program's path; `PATH` isn't searched. It can be QEMU's own helper.
  ///   - directory: the directory to export.
  ///   - options: further options, such as `--readonly`.
  /// - Throws: `EINVAL` where a word holds a NUL; `ENOENT` where a path is empty.
  public init(_ path: Span<UInt8>, exporting directory: Span<UInt8>, options: [String] = []) throws(Errno) {
    guard !path.isEmpty, !directory.isEmpty else { throw .noSuchFileOrDirectory }
    var words = Words()
    try words.add(path)
    try words.add("-n")
    try words.add("-f")
    try words.add("3")
    try words.add("-p")
    try words.add(directory)
    for option in options { try words.add(option) }
    self.words = words.bytes
  }
}

/// A command line under construction.
private struct Words {
  var bytes: [UInt8] = []

  mutating func add(_ word: Span<UInt8>) throws(Errno) {
    guard !word.holdsNUL else { throw .invalidArgument }
    for index in word.indices { bytes.append(word[index]) }
    bytes.append(0)
  }

  mutating func add(_ word: String) throws(Errno) {
    for byte in word.utf8 {
      guard byte != 0 else { throw .invalidArgument }
      bytes.append(byte)
    }
    bytes.append(0)
  }
}
