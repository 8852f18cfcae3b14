package import Linux
package import SystemPackage

/// One host directory, or several in a directory, and the operations on the objects beneath it.
///
/// Every operation names its object as the kernel's `*at` calls do: by a descriptor, or by a directory's descriptor and a
/// single name. The rules for all front ends are here: a link isn't followed, a special file isn't opened, modes
/// have no other bits than a file's, and a read-only export isn't changed.
///
/// An export belongs to the thread that made it: that thread's identity is changed for a moment to make files as others.
package struct Export: ~Copyable {
  let tree: ExportTree
  /// The buffers of a name, and of a second one: a rename's new name, or a symbolic link's target.
  let name: NameBuffer
  let other: NameBuffer
  let ownership: Passthrough
  let access: AccessMode

  /// Makes an export of a tree.
  ///
  /// - Parameters:
  ///   - tree: the objects.
  ///   - links: proof that objects can be named by their links, which operations without an `*at` call need.
  ///   - readOnly: refuse every change with `EROFS`, even where the mount itself isn't read-only.
  /// - Throws: the error of reading the thread's identity.
  package init(_ tree: consuming ExportTree, links: DescriptorLinks.Entered, readOnly: Bool) throws(Errno) {
    let ownership = try Passthrough()
    self.tree = tree
    name = NameBuffer()
    other = NameBuffer()
    self.ownership = ownership
    access = AccessMode(isReadOnly: readOnly)
  }

  /// Adds the numbers of the mounts that are the export's as long as it is served: that of the directory that all objects
  /// are beneath, and those of the roots in it.
  package func addMounts(to mounts: inout [UInt64]) throws(Errno) {
    mounts.append(try tree.directory.mountID())
    guard case .several(let count) = tree.roots else { return }
    for index in 0..<count { mounts.append(try tree.root(of: index).mountID()) }
  }
}

extension UInt32 {
  /// The bits of a mode that say what may be done with a file.
  var permissions: UInt32 { self & 0o7777 }
  /// The bits of a mode, a file's type among them.
  var typeAndPermissions: UInt32 { self & 0o177777 }
}
