package import Linux
package import SystemPackage
package import Wire

// Finding, linking, renaming and removing.
extension Export {
  /// Finds an entry of a directory; of a symbolic link, the link itself.
  package func find(_ name: Name, in directory: borrowing Descriptor) throws(Errno) -> Descriptor {
    try tree.find(name, in: directory, buffer: self.name)
  }

  /// Finds the directory above one, as ``ExportTree/parent(of:known:)``.
  package func parent(of directory: borrowing Descriptor, known: inout RecentFiles?) throws(Errno) -> Descriptor {
    try tree.parent(of: directory, known: &known)
  }

  /// Gives an object another name.
  package func link(
    _ object: borrowing Descriptor, as name: Name, in directory: borrowing Descriptor
  ) throws(Errno) {
    try access.requireWritable()
    try self.name.with(name.bytes) { name throws(Errno) in try object.link(into: directory, name: name) }
  }

  /// Renames an entry of a directory, and replaces the entry that has the new name.
  package func rename(
    _ old: Name, in directory: borrowing Descriptor, to new: Name, in other: borrowing Descriptor
  ) throws(Errno) {
    try access.requireWritable()
    try self.name.with(old.bytes) { old throws(Errno) in
      try self.other.with(new.bytes) { new throws(Errno) in try directory.rename(old, to: other, name: new) }
    }
  }

  /// Renames an object by the name that ``remove(_:)`` removes, and replaces the entry that has the new name.
  package func rename(
    _ object: borrowing Descriptor, to new: Name, in other: borrowing Descriptor
  ) throws(Errno) {
    try access.requireWritable()
    try self.name.with { old throws(Errno) in
      let directory = try tree.directory(of: object, name: &old)
      try self.other.with(new.bytes) { new throws(Errno) in try directory.rename(old, to: other, name: new) }
    }
  }

  /// Removes a name of a directory, which must be empty, or of anything else.
  package func remove(
    _ name: Name, in directory: borrowing Descriptor, isDirectory: Bool
  ) throws(Errno) {
    try access.requireWritable()
    try self.name.with(name.bytes) { name throws(Errno) in
      if isDirectory { try directory.rmdir(name) } else { try directory.unlink(name) }
    }
  }

  /// Removes the name that an object was found by, wherever that has been moved to. The object must be there; another that
  /// is put in its place at that moment is removed instead, since the kernel removes nothing but names.
  ///
  /// - Throws: `ENOENT` where the name has gone, or is another's; `EBUSY` for the root; `ENAMETOOLONG` where the way there
  ///   is longer than the kernel tells.
  package func remove(_ object: borrowing Descriptor) throws(Errno) {
    try access.requireWritable()
    try self.name.with { name throws(Errno) in
      let directory = try tree.directory(of: object, name: &name)
      if try object.status().kind == .directory { try directory.rmdir(name) } else { try directory.unlink(name) }
    }
  }
}
