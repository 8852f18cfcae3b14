package import Linux
internal import Synchronization
package import SystemPackage

/// One host directory, and the operations on paths beneath it: all that the proxy protocol has, and no other front end.
///
/// Paths are relative (``Linux/Path/set(beneathRoot:)``) and start at the export's root. The kernel walks them, symbolic
/// links included. An export belongs to the thread that made it: that thread's working directory is the root, and its
/// identity is changed for a moment to make files as others.
package struct PathExport: ~Copyable {
  let root: Descriptor
  let ownership: Passthrough
  let access: AccessMode
  /// The last file system that turned out to keep no generations, so that it is asked once; 0 for none. Atomic only to
  /// be changed by an operation, for which the export itself doesn't change.
  let deviceWithoutGenerations = Atomic<UInt64>(0)

  /// Makes an export of the calling thread's working directory.
  ///
  /// - Parameters:
  ///   - pathRoot: the directory that paths start at, and whether they can lead out of it.
  ///   - readOnly: refuse every change with `EROFS`, even where the mount itself isn't read-only.
  /// - Throws: the error of reading the thread's identity.
  package init(_ pathRoot: PathRoot, readOnly: Bool = false) throws(Errno) {
    let ownership = try Passthrough()
    root = try Descriptor.workingDirectory()
    self.ownership = ownership
    access = AccessMode(isReadOnly: readOnly)
  }
}
