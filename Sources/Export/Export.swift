package import Linux
internal import Synchronization
package import SystemPackage

/// One host directory, and the operations on what is in it.
///
/// Every operation names its object as the kernel's `*at` calls do: a directory and a path beneath it. Paths are relative
/// (``Linux/Path/set(beneathRoot:)``), and the kernel walks them, symbolic links included: the process's root must be the
/// export's, so that no link and no `..` leads outside.
///
/// An export belongs to the thread that made it: that thread's working directory is the export's root, and it is that
/// thread's identity that is changed for a moment to make things as others.
package struct Export: ~Copyable {
  /// The directory itself.
  package let root: Descriptor
  let identity: ThreadIdentity
  let writing: OrdinaryWriting
  let isReadOnly: Bool
  let boundary: Boundary
  /// The last file system that turned out to keep no generations, so that it is asked once; 0 for none. Atomic only to
  /// be changed by an operation, for which the export itself doesn't change.
  let deviceWithoutGenerations = Atomic<UInt64>(0)

  /// An export of the calling thread's working directory.
  ///
  /// Where it is read-only all that would change something is refused with `EROFS`, whether its mount is read-only too or
  /// not.
  package init(readOnly: Bool = false) throws(Errno) {
    let identity = try ThreadIdentity()
    let writing = try OrdinaryWriting()
    let root = try Descriptor.workingDirectory()
    self.identity = identity
    self.writing = writing
    self.root = root
    isReadOnly = readOnly
    boundary = .checked
  }

  /// What keeps `..` of a directory, and an object's own path, from leading out of the export.
  package enum Boundary: Sendable {
    /// The process's mount namespace has the export's mount and nothing above it, or a directory of exports. The kernel
    /// fails `..` of a directory that was moved out of its mount with `ENOENT`.
    case mountNamespace
    /// Each time, a check of all directories up to the export's root.
    case checked
  }

  /// An export of this directory, for a server that holds the objects which it works on, and names what is in a directory by
  /// that directory and a single name. It needs no root directory of its own, and the working directory may be
  /// another's.
  package init(root: consuming Descriptor, readOnly: Bool, boundary: Boundary) throws(Errno) {
    let identity = try ThreadIdentity()
    let writing = try OrdinaryWriting()
    self.identity = identity
    self.writing = writing
    self.root = root
    isReadOnly = readOnly
    self.boundary = boundary
  }

  /// - Throws: `EROFS` where nothing may be changed.
  func mayChange() throws(Errno) {
    guard !isReadOnly else { throw .readOnlyFileSystem }
  }
}
