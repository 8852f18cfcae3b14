import Export
import Linux
import SystemPackage
import Wire

/// Operations on names that are given as text.
extension Export {
  func find(_ name: String, in directory: borrowing Descriptor) throws -> Descriptor {
    let bytes = Array(name.utf8)
    return try find(try Name(bytes.span), in: directory)
  }

  func create(
    _ name: String, in directory: borrowing Descriptor, flags: OpenFlags, mode: UInt32, as identity: Identity
  ) throws -> OpenedFile {
    let bytes = Array(name.utf8)
    return try create(try Name(bytes.span), in: directory, flags: flags, mode: mode, as: identity)
  }

  func makeDirectory(
    _ name: String, in directory: borrowing Descriptor, mode: UInt32, as identity: Identity
  ) throws -> FileStatus {
    let bytes = Array(name.utf8)
    return try makeDirectory(try Name(bytes.span), in: directory, mode: mode, as: identity)
  }

  func makeNode(
    _ name: String, in directory: borrowing Descriptor, mode: UInt32, device: UInt64, as identity: Identity
  ) throws -> FileStatus {
    let bytes = Array(name.utf8)
    return try makeNode(try Name(bytes.span), in: directory, mode: mode, device: device, as: identity)
  }

  func makeSymbolicLink(
    _ name: String, in directory: borrowing Descriptor, target: String, as identity: Identity
  ) throws -> FileStatus {
    let (bytes, target) = (Array(name.utf8), Array(target.utf8))
    return try makeSymbolicLink(try Name(bytes.span), in: directory, target: target.span, as: identity)
  }

  func link(_ object: borrowing Descriptor, as name: String, in directory: borrowing Descriptor) throws {
    let bytes = Array(name.utf8)
    try link(object, as: try Name(bytes.span), in: directory)
  }

  func rename(
    _ old: String, in directory: borrowing Descriptor, to new: String, in other: borrowing Descriptor
  ) throws {
    let (old, new) = (Array(old.utf8), Array(new.utf8))
    try rename(try Name(old.span), in: directory, to: try Name(new.span), in: other)
  }

  func rename(_ object: borrowing Descriptor, to new: String, in directory: borrowing Descriptor) throws {
    let bytes = Array(new.utf8)
    try rename(object, to: try Name(bytes.span), in: directory)
  }

  func remove(_ name: String, in directory: borrowing Descriptor, isDirectory: Bool) throws {
    let bytes = Array(name.utf8)
    try remove(try Name(bytes.span), in: directory, isDirectory: isDirectory)
  }

  func setAttribute(_ name: String, of object: borrowing Descriptor, to value: Span<UInt8>, flags: Int32) throws {
    let bytes = Array(name.utf8)
    try setAttribute(bytes.span, of: object, to: value, flags: flags)
  }

  func removeAttribute(_ name: String, of object: borrowing Descriptor) throws {
    let bytes = Array(name.utf8)
    try removeAttribute(bytes.span, of: object)
  }
}
