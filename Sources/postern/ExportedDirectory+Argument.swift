import Launch
import Linux

// `--export`.
extension ExportedDirectory {
  /// `DIR` or `NAME=DIR`. A name has no slash, so that a path which has both is none.
  init(argument: String) throws {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let isNamed = parts.count == 2 && !parts[0].isEmpty && !parts[0].contains("/")
    let directory = isNamed ? String(parts[1]) : argument
    if directory.isEmpty { throw Misuse("say --export DIR, or --export NAME=DIR") }
    let path = CommandWords.path(directory)
    self.init(name: isNamed ? CommandWords.path(String(parts[0])) : path, path: path)
  }
}
