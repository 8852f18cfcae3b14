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
  mutating func top(of tree: Span<UInt8>) throws(Errno) -> Descriptor {
    switch terms.trees {
    case .one(let name):
      guard tree.isEmpty || isEqual(tree, name.span) else { throw .noSuchFileOrDirectory }
      return try files.hold()
    case .several(let names):
      guard let index = names.firstIndex(where: { isEqual(tree, $0.span) }) else { throw .noSuchFileOrDirectory }
      try name.set(number: index)
      return try files.find(name, in: try files.hold())
    }
  }

  /// The directory above one, which of a tree's root is itself.
  func parent(of directory: borrowing Descriptor, known: inout RecentFiles?) throws(Errno) -> Descriptor {
    let parent = try files.parent(of: directory, known: &known)
    if case .several = terms.trees, try files.status(of: parent).isSame(as: root) { return try directory.duplicate() }
    return parent
  }

  /// Whether a directory is where a tree begins.
  func isTop(_ directory: borrowing HeldFile) -> Bool {
    switch terms.trees {
    case .one: return directory.inode == root.inode && directory.device == root.device
    case .several:
      var known: RecentFiles? = nil
      do throws(Errno) {
        return try files.status(of: files.parent(of: directory.object.descriptor, known: &known)).isSame(as: root)
      } catch {
        // It has been moved out of the export: what is above it isn't to be known either.
        return true
      }
    }
  }

  private func isEqual(_ one: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
    guard one.count == other.count else { return false }
    for index in one.indices where one[index] != other[index] { return false }
    return true
  }
}
