package import Linux
package import SystemPackage
package import Wire

/// Every operation is done at once.
extension Export: FileSystem {
  package func next() throws(Errno) -> Outcome { .done }

  package var queue: PacketQueue? { nil }

  package var isLost: Bool { false }

  package func root() throws(Errno) -> Descriptor { try tree.root() }

  package func root(of index: Int) throws(Errno) -> Descriptor { try tree.root(of: index) }

  package func duplicate(_ object: borrowing Descriptor) throws(Errno) -> Descriptor { try object.duplicate() }

  package func close(_ file: consuming HeldDescriptor) throws(Errno) { try file.close() }

  package func status(of object: borrowing Descriptor) throws(Errno) -> FileStatus { try tree.status(of: object) }

  package func mount(of object: borrowing Descriptor) throws(Errno) -> UInt64 { try tree.mount(of: object) }

  package func fileSystemStatus(of object: borrowing Descriptor) throws(Errno) -> FileSystemStatus {
    try tree.fileSystemStatus(of: object)
  }

  package func change(
    _ object: borrowing HeldDescriptor, by change: StatusChange, isOpen: Bool
  ) throws(Errno) -> Outcome {
    try self.change(object.descriptor, by: change, isOpen: isOpen) as Void
    return .done
  }

  package func open(
    _ object: borrowing HeldDescriptor, flags: OpenFlags, isRoot: Bool
  ) throws(Errno) -> Outcome {
    .opened(try open(object.descriptor, flags: flags, isRoot: isRoot))
  }

  package func create(
    _ name: Name, in directory: borrowing HeldDescriptor, flags: OpenFlags, mode: UInt32,
    as identity: Identity
  ) throws(Errno) -> Outcome {
    .opened(try create(name, in: directory.descriptor, flags: flags, mode: mode, as: identity))
  }

  package func makeDirectory(
    _ name: Name, in directory: borrowing HeldDescriptor, mode: UInt32, as identity: Identity
  ) throws(Errno) -> Outcome {
    .made(try makeDirectory(name, in: directory.descriptor, mode: mode, as: identity))
  }

  package func makeNode(
    _ name: Name, in directory: borrowing HeldDescriptor, mode: UInt32, device: UInt64, as identity: Identity
  ) throws(Errno) -> Outcome {
    .made(try makeNode(name, in: directory.descriptor, mode: mode, device: device, as: identity))
  }

  package func makeSymbolicLink(
    _ name: Name, in directory: borrowing HeldDescriptor, target: Span<UInt8>, as identity: Identity
  ) throws(Errno) -> Outcome {
    .made(try makeSymbolicLink(name, in: directory.descriptor, target: target, as: identity))
  }

  package func link(
    _ object: borrowing HeldDescriptor, as name: Name, in directory: borrowing HeldDescriptor
  ) throws(Errno) -> Outcome {
    try link(object.descriptor, as: name, in: directory.descriptor) as Void
    return .done
  }

  package func rename(
    _ old: Name, in directory: borrowing HeldDescriptor, to new: Name,
    in other: borrowing HeldDescriptor
  ) throws(Errno) -> Outcome {
    try rename(old, in: directory.descriptor, to: new, in: other.descriptor) as Void
    return .done
  }

  package func rename(
    _ object: borrowing HeldDescriptor, to new: Name, in directory: borrowing HeldDescriptor
  ) throws(Errno) -> Outcome {
    try rename(object.descriptor, to: new, in: directory.descriptor) as Void
    return .done
  }

  package func remove(
    _ name: Name, in directory: borrowing HeldDescriptor, isDirectory: Bool
  ) throws(Errno) -> Outcome {
    try remove(name, in: directory.descriptor, isDirectory: isDirectory) as Void
    return .done
  }

  package func remove(_ object: borrowing HeldDescriptor) throws(Errno) -> Outcome {
    try remove(object.descriptor) as Void
    return .done
  }

  package func read(
    _ file: borrowing Descriptor, at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try tree.read(file, at: offset, into: &buffer)
  }

  package func write(
    _ data: Span<UInt8>, to file: borrowing Descriptor, at offset: UInt64, isRoot: Bool
  ) throws(Errno) -> Int {
    try ownership.writing(isRoot: isRoot) { () throws(Errno) in try file.write(data, at: offset) }
  }

  package func readLink(_ object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    try tree.readLink(object, into: &buffer)
  }

  package func list(
    _ directory: borrowing Descriptor, from cookie: UInt64?, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try tree.list(directory, from: cookie, into: &buffer) { directory throws(Errno) in
      var known: RecentFiles? = nil
      return try tree.parent(of: directory, known: &known)
    }
  }
}
