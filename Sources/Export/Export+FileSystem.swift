package import Linux
package import SystemPackage

/// Everything is done at once.
extension Export: FileSystem {
  package func next() throws(Errno) -> Outcome { .done }

  package var queue: PacketQueue? { nil }

  package var isLost: Bool { false }

  package func open(
    _ object: borrowing HeldDescriptor, kind: FileKind, _ flags: OpenFlags, isRoot: Bool
  ) throws(Errno) -> Outcome {
    .opened(try open(object.descriptor, kind: kind, flags, isRoot: isRoot))
  }

  package func create(
    in directory: borrowing HeldDescriptor, _ name: borrowing Path, _ flags: OpenFlags, mode: UInt32,
    as identity: Identity
  ) throws(Errno) -> Outcome {
    .opened(try create(in: directory.descriptor, name, flags, mode: mode, as: identity))
  }

  package func makeDirectory(
    in directory: borrowing HeldDescriptor, _ name: borrowing Path, mode: UInt32, as identity: Identity
  ) throws(Errno) -> Outcome {
    try makeDirectory(in: directory.descriptor, name, mode: mode, as: identity) as Void
    return .made(try status(in: directory.descriptor, name))
  }

  package func makeNode(
    in directory: borrowing HeldDescriptor, _ name: borrowing Path, mode: UInt32, device: UInt64, as identity: Identity
  ) throws(Errno) -> Outcome {
    try makeNode(in: directory.descriptor, name, mode: mode, device: device, as: identity) as Void
    return .made(try status(in: directory.descriptor, name))
  }

  package func makeSymbolicLink(
    in directory: borrowing HeldDescriptor, _ name: borrowing Path, target: borrowing Path, as identity: Identity
  ) throws(Errno) -> Outcome {
    try makeSymbolicLink(in: directory.descriptor, name, target: target, as: identity) as Void
    return .made(try status(in: directory.descriptor, name))
  }

  package func link(
    _ object: borrowing HeldDescriptor, into directory: borrowing HeldDescriptor, _ name: borrowing Path
  ) throws(Errno) -> Outcome {
    try link(object.descriptor, into: directory.descriptor, name) as Void
    return .done
  }

  package func rename(
    in directory: borrowing HeldDescriptor, _ old: borrowing Path, to other: borrowing HeldDescriptor,
    _ new: borrowing Path
  ) throws(Errno) -> Outcome {
    try rename(in: directory.descriptor, old, to: other.descriptor, new) as Void
    return .done
  }

  package func remove(
    _ name: borrowing Path, in directory: borrowing HeldDescriptor, isDirectory: Bool
  ) throws(Errno) -> Outcome {
    try remove(name, in: directory.descriptor, isDirectory: isDirectory) as Void
    return .done
  }

  package func remove(_ object: borrowing HeldDescriptor) throws(Errno) -> Outcome {
    try remove(object.descriptor) as Void
    return .done
  }

  package func rename(
    _ object: borrowing HeldDescriptor, to directory: borrowing HeldDescriptor, _ new: borrowing Path
  ) throws(Errno) -> Outcome {
    try rename(object.descriptor, to: directory.descriptor, new) as Void
    return .done
  }

  package func change(
    _ object: borrowing HeldDescriptor, _ change: StatusChange, isOpen: Bool
  ) throws(Errno) -> Outcome {
    try self.change(object.descriptor, change, isOpen: isOpen) as Void
    return .done
  }
}
