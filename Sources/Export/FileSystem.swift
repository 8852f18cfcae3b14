package import Linux
package import SystemPackage
package import Wire

/// All that a front end asks of the files that it serves: objects that it holds by descriptors.
///
/// A descriptor refers to one object, whatever becomes of its name, so a client works on the object that it has looked up.
/// A name is an entry of a directory, never a path. A front end makes no system call on these descriptors itself: each of
/// its operations is one of these functions, so a security model can stand behind all of them.
///
/// An operation that another process performs needn't be done when its function returns ``Outcome/underWay``: several such
/// operations can be waited for at once. Their objects are ``Linux/HeldDescriptor``s, which stay open for that long.
package protocol FileSystem: ~Copyable {
  // MARK: Operations under way

  /// Waits for the operation that has been under way for the longest time.
  ///
  /// - Throws: the error that it failed with.
  borrowing func next() throws(Errno) -> Outcome
  /// The packet that operations under way are put into; nil where every operation is done at once. The objects of a session
  /// are held for it.
  var queue: PacketQueue? { get }
  /// True when a process that the file system needs has ended. Its operations have failed without being answered.
  var isLost: Bool { get }

  // MARK: Objects

  /// Opens a new descriptor of the directory that all objects are beneath.
  borrowing func root() throws(Errno) -> Descriptor
  /// Opens a new descriptor of a root directory that clients see; the first is number 0.
  borrowing func root(of index: Int) throws(Errno) -> Descriptor
  /// Finds an entry of a directory; of a symbolic link, the link itself.
  borrowing func find(_ name: Name, in directory: borrowing Descriptor) throws(Errno) -> Descriptor
  /// Finds the directory above one, which of a root is itself. `known` is a walk's: the directories that are known to be
  /// within the export since its first `..`; nil before.
  borrowing func parent(of directory: borrowing Descriptor, known: inout RecentFiles?) throws(Errno) -> Descriptor
  /// Opens a new descriptor of the same object, or of the same open file.
  borrowing func duplicate(_ object: borrowing Descriptor) throws(Errno) -> Descriptor
  /// Closes an open file.
  ///
  /// - Throws: the error of an earlier write that the kernel hasn't reported yet.
  borrowing func close(_ file: consuming HeldDescriptor) throws(Errno)

  // MARK: Status

  /// Reads an object's status.
  borrowing func status(of object: borrowing Descriptor) throws(Errno) -> FileStatus
  /// Reads the number of the mount that an object was found through.
  borrowing func mount(of object: borrowing Descriptor) throws(Errno) -> UInt64
  /// Reads the status of the file system that an object is on.
  borrowing func fileSystemStatus(of object: borrowing Descriptor) throws(Errno) -> FileSystemStatus
  /// Changes an object's status. `isOpen` says that the object is open for writing.
  borrowing func change(
    _ object: borrowing HeldDescriptor, by change: StatusChange, isOpen: Bool
  ) throws(Errno) -> Outcome

  // MARK: Opening and making

  /// Opens a regular file or directory. `isRoot` counts where opening truncates.
  ///
  /// - Throws: `ELOOP` for a symbolic link, and `ENXIO` for a special file, which is never opened.
  borrowing func open(
    _ object: borrowing HeldDescriptor, flags: OpenFlags, isRoot: Bool
  ) throws(Errno) -> Outcome
  /// Makes a regular file that `identity` owns, or opens the one that has the name. A symbolic link isn't followed.
  borrowing func create(
    _ name: Name, in directory: borrowing HeldDescriptor, flags: OpenFlags, mode: UInt32,
    as identity: Identity
  ) throws(Errno) -> Outcome
  /// Makes a directory that `identity` owns.
  borrowing func makeDirectory(
    _ name: Name, in directory: borrowing HeldDescriptor, mode: UInt32, as identity: Identity
  ) throws(Errno) -> Outcome
  /// Makes a FIFO, socket, device or regular file that `identity` owns.
  borrowing func makeNode(
    _ name: Name, in directory: borrowing HeldDescriptor, mode: UInt32, device: UInt64, as identity: Identity
  ) throws(Errno) -> Outcome
  /// Makes a symbolic link that `identity` owns.
  borrowing func makeSymbolicLink(
    _ name: Name, in directory: borrowing HeldDescriptor, target: Span<UInt8>, as identity: Identity
  ) throws(Errno) -> Outcome

  // MARK: Names

  /// Gives an object another name.
  borrowing func link(
    _ object: borrowing HeldDescriptor, as name: Name, in directory: borrowing HeldDescriptor
  ) throws(Errno) -> Outcome
  /// Renames an entry of a directory, and replaces the entry that has the new name.
  borrowing func rename(
    _ old: Name, in directory: borrowing HeldDescriptor, to new: Name,
    in other: borrowing HeldDescriptor
  ) throws(Errno) -> Outcome
  /// Renames an object by the name that it was found by, and replaces the entry that has the new name.
  borrowing func rename(
    _ object: borrowing HeldDescriptor, to new: Name, in directory: borrowing HeldDescriptor
  ) throws(Errno) -> Outcome
  /// Removes the name of an empty directory, or of anything else.
  borrowing func remove(
    _ name: Name, in directory: borrowing HeldDescriptor, isDirectory: Bool
  ) throws(Errno) -> Outcome
  /// Removes the name that an object was found by.
  borrowing func remove(_ object: borrowing HeldDescriptor) throws(Errno) -> Outcome

  // MARK: Contents

  /// The operations on open files that may wait for a disk.
  associatedtype Contents: FileContents = OpenFiles
  /// Makes the operations on open files, for threads with the calling one's credentials.
  borrowing func contents() throws(Errno) -> Contents
  /// Reads an open file, until the buffer is full or the file ends.
  borrowing func read(
    _ file: borrowing Descriptor, at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int
  /// Writes to a file that is open for it, as many bytes as it takes.
  borrowing func write(
    _ data: Span<UInt8>, to file: borrowing Descriptor, at offset: UInt64, isRoot: Bool
  ) throws(Errno) -> Int
  /// Reads a symbolic link's target; a longer one than `buffer` is cut.
  borrowing func readLink(_ object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int
  /// Reads entries of an open directory, for ``Linux/KernelEntries``: those after the entry with this cookie, all from the
  /// beginning for 0, or for nil those after the last that were read. An entry `..` of a root has the root's own inode.
  ///
  /// - Returns: bytes; 0 at the directory's end.
  borrowing func list(
    _ directory: borrowing Descriptor, from cookie: UInt64?, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int

  // MARK: Extended attributes

  /// Reads an extended attribute's value.
  borrowing func attribute(
    _ name: Span<UInt8>, of object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int
  /// Lists all extended attributes' names, each with its NUL.
  borrowing func attributes(
    of object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int
  /// Sets an extended attribute; `flags` are `setxattr(2)`'s.
  borrowing func setAttribute(
    _ name: Span<UInt8>, of object: borrowing Descriptor, to value: Span<UInt8>, flags: Int32) throws(Errno)
  /// Removes an extended attribute.
  borrowing func removeAttribute(_ name: Span<UInt8>, of object: borrowing Descriptor) throws(Errno)
}

/// The outcome of an operation that opens or changes an object.
package enum Outcome: ~Copyable {
  /// The operation isn't done yet: ``FileSystem/next()`` reports its outcome.
  case underWay
  case done
  /// An object was made that has this status.
  case made(FileStatus)
  /// A file was opened.
  case opened(OpenedFile)
}

/// An open file with its status.
package struct OpenedFile: ~Copyable {
  private let descriptor: Descriptor
  package let status: FileStatus

  package init(_ descriptor: consuming Descriptor, status: FileStatus) {
    self.descriptor = descriptor
    self.status = status
  }

  /// Gives the descriptor away.
  package consuming func take() -> Descriptor { descriptor }
}
