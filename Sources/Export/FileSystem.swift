package import Linux
package import SystemPackage

/// What a server serves: objects that it holds by descriptors.
///
/// A descriptor names one object, whatever becomes of its name, so that what a client has looked up stays what it works
/// on. A name is one of a directory, never a path. An object that is held is opened by ``open(_:kind:_:isRoot:)`` only.
///
/// What takes another process to do needn't be done when a function returns ``Outcome/underWay``: several such operations
/// can be waited for at once.
package protocol FileSystem: ~Copyable {
  /// Waits for the operation that has been under way for the longest time.
  ///
  /// - Throws: what it failed with.
  borrowing func next() throws(Errno) -> Outcome
  /// Where operations on objects are put that aren't done at once. The objects of a session are held for it.
  var queue: PacketQueue? { get }
  /// Whether another process has ended that the file system needs. Its operations failed without being answered.
  var isLost: Bool { get }

  /// The root directory.
  borrowing func hold() throws(Errno) -> Descriptor
  /// What has this name in a directory; of a symbolic link, the link itself.
  borrowing func find(_ name: borrowing Path, in directory: borrowing Descriptor) throws(Errno) -> Descriptor
  /// The directory above one, which of the root is itself. `known` is a walk's: directories that are known to be within
  /// what is served since its first `..`; nil before.
  borrowing func parent(of directory: borrowing Descriptor, known: inout RecentFiles?) throws(Errno) -> Descriptor

  /// What the files that are opened are read and written by where a disk may have to be waited for.
  associatedtype Contents: FileContents = OpenFiles
  /// The same, for threads that are the calling one's user.
  borrowing func contents() throws(Errno) -> Contents

  /// What is said of an object.
  borrowing func status(of object: borrowing Descriptor) throws(Errno) -> FileStatus
  /// The number of the mount that an object was found through.
  borrowing func mount(of object: borrowing Descriptor) throws(Errno) -> UInt64
  /// What is said of the file system that an object is on.
  borrowing func fileSystemStatus(of object: borrowing Descriptor) throws(Errno) -> FileSystemStatus
  /// A symbolic link's target; a longer one than `buffer` is cut.
  borrowing func readLink(_ object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int

  /// Opens an object of this kind, which is a regular file or a directory. `isRoot` counts where opening truncates.
  borrowing func open(
    _ object: borrowing HeldDescriptor, kind: FileKind, _ flags: OpenFlags, isRoot: Bool
  ) throws(Errno) -> Outcome
  /// Makes a regular file that `identity` owns, or opens the one that is there.
  borrowing func create(
    in directory: borrowing HeldDescriptor, _ name: borrowing Path, _ flags: OpenFlags, mode: UInt32,
    as identity: Identity
  ) throws(Errno) -> Outcome
  /// Makes a directory that `identity` owns.
  borrowing func makeDirectory(
    in directory: borrowing HeldDescriptor, _ name: borrowing Path, mode: UInt32, as identity: Identity
  ) throws(Errno) -> Outcome
  /// Makes a FIFO, socket, device or regular file that `identity` owns.
  borrowing func makeNode(
    in directory: borrowing HeldDescriptor, _ name: borrowing Path, mode: UInt32, device: UInt64, as identity: Identity
  ) throws(Errno) -> Outcome
  /// Makes a symbolic link that `identity` owns.
  borrowing func makeSymbolicLink(
    in directory: borrowing HeldDescriptor, _ name: borrowing Path, target: borrowing Path, as identity: Identity
  ) throws(Errno) -> Outcome

  /// Gives an object another name.
  borrowing func link(
    _ object: borrowing HeldDescriptor, into directory: borrowing HeldDescriptor, _ name: borrowing Path
  ) throws(Errno) -> Outcome
  /// Renames, and replaces what has the new name.
  borrowing func rename(
    in directory: borrowing HeldDescriptor, _ old: borrowing Path, to other: borrowing HeldDescriptor,
    _ new: borrowing Path
  ) throws(Errno) -> Outcome
  /// Removes a name of an empty directory, or of anything else.
  borrowing func remove(
    _ name: borrowing Path, in directory: borrowing HeldDescriptor, isDirectory: Bool
  ) throws(Errno) -> Outcome
  /// Removes the name that an object was found by.
  borrowing func remove(_ object: borrowing HeldDescriptor) throws(Errno) -> Outcome
  /// Renames what an object was found by, and replaces what has the new name.
  borrowing func rename(
    _ object: borrowing HeldDescriptor, to directory: borrowing HeldDescriptor, _ new: borrowing Path
  ) throws(Errno) -> Outcome
  /// Changes what an object is. `isOpen` says that it is open for writing.
  borrowing func change(
    _ object: borrowing HeldDescriptor, _ change: StatusChange, isOpen: Bool
  ) throws(Errno) -> Outcome

  /// Reads what is in an open file, until the buffer is full or the file ends.
  borrowing func read(
    _ file: borrowing Descriptor, at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int
  /// Writes to a file that is open for it, as many bytes as it takes.
  borrowing func write(
    _ data: Span<UInt8>, to file: borrowing Descriptor, at offset: UInt64, isRoot: Bool
  ) throws(Errno) -> Int
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

/// What came of an operation that opens or changes something.
package enum Outcome: ~Copyable {
  /// It is being done: ``FileSystem/next()`` will say.
  case underWay
  case done
  /// What was made.
  case made(FileStatus)
  /// What was opened.
  case opened(Descriptor)
}
