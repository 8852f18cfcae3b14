package import Linux
package import SystemPackage

/// What a server serves: objects that it holds by descriptors.
///
/// A descriptor names one object, whatever becomes of its name, so that what a client has looked up stays what it works
/// on. A name is one of a directory, never a path. An object that is held is opened by ``open(_:kind:_:isRoot:)`` only.
package protocol FileSystem: ~Copyable {
  /// The root directory.
  borrowing func hold() throws(Errno) -> Descriptor
  /// What has this name in a directory; of a symbolic link, the link itself.
  borrowing func find(_ name: borrowing Path, in directory: borrowing Descriptor) throws(Errno) -> Descriptor
  /// The directory above one, which of the root is itself.
  borrowing func parent(of directory: borrowing Descriptor) throws(Errno) -> Descriptor

  /// What is said of an object.
  borrowing func status(of object: borrowing Descriptor) throws(Errno) -> FileStatus
  /// What is said of the file system that an object is on.
  borrowing func fileSystemStatus(of object: borrowing Descriptor) throws(Errno) -> FileSystemStatus
  /// A symbolic link's target; a longer one than `buffer` is cut.
  borrowing func readLink(_ object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int

  /// Opens an object of this kind, which is a regular file or a directory. `isRoot` counts where opening truncates.
  borrowing func open(
    _ object: borrowing Descriptor, kind: FileKind, _ flags: OpenFlags, isRoot: Bool
  ) throws(Errno) -> Descriptor
  /// Makes a regular file that `identity` owns, or opens the one that is there.
  borrowing func create(
    in directory: borrowing Descriptor, _ name: borrowing Path, _ flags: OpenFlags, mode: UInt32, as identity: Identity
  ) throws(Errno) -> Descriptor
  /// Makes a directory that `identity` owns.
  borrowing func makeDirectory(
    in directory: borrowing Descriptor, _ name: borrowing Path, mode: UInt32, as identity: Identity) throws(Errno)
  /// Makes a FIFO, socket, device or regular file that `identity` owns.
  borrowing func makeNode(
    in directory: borrowing Descriptor, _ name: borrowing Path, mode: UInt32, device: UInt64, as identity: Identity
  ) throws(Errno)
  /// Makes a symbolic link that `identity` owns.
  borrowing func makeSymbolicLink(
    in directory: borrowing Descriptor, _ name: borrowing Path, target: borrowing Path, as identity: Identity
  ) throws(Errno)

  /// Gives an object another name.
  borrowing func link(
    _ object: borrowing Descriptor, into directory: borrowing Descriptor, _ name: borrowing Path) throws(Errno)
  /// Renames, and replaces what has the new name.
  borrowing func rename(
    in directory: borrowing Descriptor, _ old: borrowing Path, to other: borrowing Descriptor, _ new: borrowing Path
  ) throws(Errno)
  /// Removes a name of an empty directory, or of anything else.
  borrowing func remove(
    _ name: borrowing Path, in directory: borrowing Descriptor, isDirectory: Bool) throws(Errno)

  /// Sets permission bits.
  borrowing func changeMode(of object: borrowing Descriptor, to mode: UInt32) throws(Errno)
  /// Gives an object to others; `UInt32.max` leaves an id as it is.
  borrowing func changeOwner(of object: borrowing Descriptor, uid: UInt32, gid: UInt32) throws(Errno)
  /// Sets a regular file's size. `isOpen` says that it is open for writing, `isRoot` that the client's root does it: what
  /// others do takes set-id bits away.
  borrowing func truncate(
    _ object: borrowing Descriptor, isOpen: Bool, isRoot: Bool, to size: Int64) throws(Errno)
  /// Reads what is in an open file, until the buffer is full or the file ends.
  borrowing func read(
    _ file: borrowing Descriptor, at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int
  /// Writes to a file that is open for it, as many bytes as it takes.
  borrowing func write(
    _ data: Span<UInt8>, to file: borrowing Descriptor, at offset: UInt64, isRoot: Bool
  ) throws(Errno) -> Int
  /// Sets an object's times.
  borrowing func setTimes(
    of object: borrowing Descriptor, access: Time, modification: Time) throws(Errno)

  /// An extended attribute's value.
  borrowing func attribute(
    of object: borrowing Descriptor, name: borrowing Path, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int
  /// All extended attributes' names, each with its NUL.
  borrowing func attributes(
    of object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int
  /// Sets an extended attribute; `flags` are `setxattr(2)`'s.
  borrowing func setAttribute(
    of object: borrowing Descriptor, name: borrowing Path, to value: Span<UInt8>, flags: Int32) throws(Errno)
  /// Removes an extended attribute.
  borrowing func removeAttribute(of object: borrowing Descriptor, name: borrowing Path) throws(Errno)
}
