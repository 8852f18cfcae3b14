package import Export
package import Linux
package import NinePServer
package import SystemPackage

/// An export is what clients of 9P may be served. It is said here, since `Export` knows of no server, and `NinePServer` of
/// no export. Everything is done at once.
extension Export: FileSystem {
  package func next() throws(Errno) -> Outcome { .done }

  package func release(_ object: borrowing Descriptor) {}

  package var isLost: Bool { false }

  package func open(
    _ object: borrowing Descriptor, kind: FileKind, _ flags: OpenFlags, isRoot: Bool
  ) throws(Errno) -> Outcome {
    .opened(try open(object, kind: kind, flags, isRoot: isRoot))
  }

  package func create(
    in directory: borrowing Descriptor, _ name: borrowing Path, _ flags: OpenFlags, mode: UInt32, as identity: Identity
  ) throws(Errno) -> Outcome {
    .opened(try create(in: directory, name, flags, mode: mode, as: identity))
  }

  package func makeDirectory(
    in directory: borrowing Descriptor, _ name: borrowing Path, mode: UInt32, as identity: Identity
  ) throws(Errno) -> Outcome {
    try makeDirectory(in: directory, name, mode: mode, as: identity) as Void
    return .made(try status(in: directory, name))
  }

  package func makeNode(
    in directory: borrowing Descriptor, _ name: borrowing Path, mode: UInt32, device: UInt64, as identity: Identity
  ) throws(Errno) -> Outcome {
    try makeNode(in: directory, name, mode: mode, device: device, as: identity) as Void
    return .made(try status(in: directory, name))
  }

  package func makeSymbolicLink(
    in directory: borrowing Descriptor, _ name: borrowing Path, target: borrowing Path, as identity: Identity
  ) throws(Errno) -> Outcome {
    try makeSymbolicLink(in: directory, name, target: target, as: identity) as Void
    return .made(try status(in: directory, name))
  }

  package func link(
    _ object: borrowing Descriptor, into directory: borrowing Descriptor, _ name: borrowing Path
  ) throws(Errno) -> Outcome {
    try link(object, into: directory, name) as Void
    return .done
  }

  package func rename(
    in directory: borrowing Descriptor, _ old: borrowing Path, to other: borrowing Descriptor, _ new: borrowing Path
  ) throws(Errno) -> Outcome {
    try rename(in: directory, old, to: other, new) as Void
    return .done
  }

  package func remove(
    _ name: borrowing Path, in directory: borrowing Descriptor, isDirectory: Bool
  ) throws(Errno) -> Outcome {
    try remove(name, in: directory, isDirectory: isDirectory) as Void
    return .done
  }

  package func remove(_ object: borrowing Descriptor) throws(Errno) -> Outcome {
    try remove(object) as Void
    return .done
  }

  package func rename(
    _ object: borrowing Descriptor, to directory: borrowing Descriptor, _ new: borrowing Path
  ) throws(Errno) -> Outcome {
    try rename(object, to: directory, new) as Void
    return .done
  }

  package func change(
    _ object: borrowing Descriptor, _ change: StatusChange, isOpen: Bool
  ) throws(Errno) -> Outcome {
    try self.change(object, change, isOpen: isOpen) as Void
    return .done
  }
}
