import Export
import Linux
import Serving
import SystemPackage

/// What an attach can name: the file trees that are served, and what clients call them, as bytes.
package enum Trees: Sendable {
  /// The file system as a whole, which may go without a name.
  case one([UInt8])
  /// Directories in the file system's root directory, which is nobody's to see. The place here names them there, in
  /// decimal digits.
  case several([[UInt8]])
}

// What clients call roots.
extension Session where Files: ~Copyable {
  /// The root directory of the tree of this name.
  func root(of tree: Span<UInt8>) throws(Errno) -> Descriptor {
    switch terms.trees {
    case .one(let name):
      guard tree.isEmpty || isEqual(tree, name.span) else { throw .noSuchFileOrDirectory }
      return try files.root(of: 0)
    case .several(let names):
      guard let index = names.firstIndex(where: { isEqual(tree, $0.span) }) else { throw .noSuchFileOrDirectory }
      return try files.root(of: index)
    }
  }

  private func isEqual(_ one: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
    guard one.count == other.count else { return false }
    for index in one.indices where one[index] != other[index] { return false }
    return true
  }
}
