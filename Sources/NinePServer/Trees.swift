import Export
import Linux
import Serving
import SystemPackage

/// The file trees that an attach can name, by their names in bytes.
package enum Trees: Sendable {
  /// The whole file system. An empty name means it as well.
  case one([UInt8])
  /// Directories in the file system's root directory, which no client sees. Each is named there by its index here, in
  /// decimal digits.
  case several([[UInt8]])
}

// Root directories by name.
extension Session where Files: ~Copyable {
  /// Opens the root directory of the tree with this name.
  ///
  /// - Throws: `ENOENT` if there is none.
  func root(of tree: Span<UInt8>) throws(Errno) -> Descriptor {
    switch terms.trees {
    case .one(let name):
      guard tree.isEmpty || isEqual(tree, to: name.span) else { throw .noSuchFileOrDirectory }
      return try files.root(of: 0)
    case .several(let names):
      guard let index = names.firstIndex(where: { isEqual(tree, to: $0.span) }) else { throw .noSuchFileOrDirectory }
      return try files.root(of: index)
    }
  }

  private func isEqual(_ one: Span<UInt8>, to other: Span<UInt8>) -> Bool {
    guard one.count == other.count else { return false }
    for index in one.indices where one[index] != other[index] { return false }
    return true
  }
}
