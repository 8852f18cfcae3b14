import ArgumentParser
import Linux

/// `--export`: a directory, and what clients call it.
struct ExportedDirectory: ExpressibleByArgument {
  let name: HostPath
  let path: HostPath

  /// `DIR` or `NAME=DIR`. A name has no slash, so that a path which has both is none.
  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let isNamed = parts.count == 2 && !parts[0].isEmpty && !parts[0].contains("/")
    let directory = isNamed ? String(parts[1]) : argument
    if directory.isEmpty { return nil }
    path = CommandWords.path(directory)
    name = isNamed ? CommandWords.path(String(parts[0])) : path
  }
}
