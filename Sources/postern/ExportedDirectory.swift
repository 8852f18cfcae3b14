import ArgumentParser

/// `--export`: a directory, and what clients call it.
struct ExportedDirectory: ExpressibleByArgument {
  let name: String
  let path: String

  /// `DIR` or `NAME=DIR`. A name has no slash, so that a path which has both is none.
  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let isNamed = parts.count == 2 && !parts[0].isEmpty && !parts[0].contains("/")
    name = isNamed ? String(parts[0]) : argument
    path = isNamed ? String(parts[1]) : argument
    if path.isEmpty { return nil }
  }
}
