internal import Export
internal import Linux
internal import SystemPackage

/// The terms on which every client is served the same directory.
struct ExportTerms: Sendable {
  let roots: ExportTree.Roots
  let boundary: ExportTree.Boundary
  let links: DescriptorLinks.Entered
  let isReadOnly: Bool

  /// Makes an export of the directory, for the calling thread.
  func makeExport(of root: consuming Descriptor) throws(Errno) -> Export {
    try Export(try ExportTree(root, roots: roots, boundary: boundary), links: links, readOnly: isReadOnly)
  }
}
