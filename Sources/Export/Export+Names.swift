package import Linux
package import SystemPackage

// Finding, linking, renaming and removing.
extension Export {
  /// Finds an entry of a directory; of a symbolic link, the link itself. The name must be one: no slash, no `..`.
  package func find(_ name: borrowing Path, in directory: borrowing Descriptor) throws(Errno) -> Descriptor {
    try tree.find(name, in: directory)
  }

  /// Finds the directory above one, as ``ExportTree/parent(of:known:)``.
  package func parent(of directory: borrowing Descriptor, known: inout RecentFiles?) throws(Errno) -> Descriptor {
    try tree.parent(of: directory, known: &known)
  }

  /// Gives an object another name.
  package func link(
    _ object: borrowing Descriptor, as name: borrowing Path, in directory: borrowing Descriptor
  ) throws(Errno) {
    try access.requireWritable()
    try object.link(into: directory, name: name)
  }

  /// Renames an entry of a directory, and replaces the entry that has the new name.
  package func rename(
    _ old: borrowing Path, in directory: borrowing Descriptor, to new: borrowing Path, in other: borrowing Descriptor
  ) throws(Errno) {
    try access.requireWritable()
    try directory.rename(old, to: other, name: new)
  }

  /// Renames an object by the name that ``remove(_:)`` removes, and replaces the entry that has the new name.
  package func rename(
    _ object: borrowing Descriptor, to new: borrowing Path, in other: borrowing Descriptor
  ) throws(Errno) {
    try access.requireWritable()
    var name = Path()
    let directory = try tree.directory(of: object, name: &name)
    try directory.rename(name, to: other, name: new)
  }

  /// Removes a name of a directory, which must be empty, or of anything else.
  package func remove(
    _ name: borrowing Path, in directory: borrowing Descriptor, isDirectory: Bool
  ) throws(Errno) {
    try access.requireWritable()
    if isDirectory { try directory.rmdir(name) } else { try directory.unlink(name) }
  }

  /// Removes the name that an object was found by, wherever that has been moved to. The object must be there; another that
  /// is put in its place at that moment is removed instead, since the kernel removes nothing but names.
  ///
  /// - Throws: `ENOENT` where the name has gone, or is another's; `EBUSY` for the root; `ENAMETOOLONG` where the way there
  ///   is longer than the kernel tells.
  package func remove(_ object: borrowing Descriptor) throws(Errno) {
    try access.requireWritable()
    var name = Path()
    let directory = try tree.directory(of: object, name: &name)
    try remove(name, in: directory, isDirectory: try object.status().kind == .directory)
  }
}
