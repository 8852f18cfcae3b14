package import Linux
internal import Synchronization
package import SystemPackage

extension Export {
  /// Opens an existing regular file or directory.
  ///
  /// - Throws: `EINVAL` for flags that would create, or only name, a file; `ENXIO` for anything but a regular file or
  ///   directory. Such a file is never opened, and the call never waits for one.
  package func open(
    in directory: borrowing Descriptor, _ path: borrowing Path, _ flags: OpenFlags
  ) throws(Errno) -> Descriptor {
    guard !flags.contains(.create), !flags.contains(.path), !flags.contains(.temporary) else { throw .invalidArgument }
    if flags.writes { try mayChange() }
    return try openExisting(in: directory, path, flags & openable)
  }

  /// Opens a regular file as `identity`, which owns it where this creates it.
  ///
  /// - Throws: as ``open(in:_:_:)`` does, and `EINVAL` for an identity that isn't one.
  package func create(
    in directory: borrowing Descriptor, _ path: borrowing Path, _ flags: OpenFlags, mode: UInt32,
    as identity: Identity
  ) throws(Errno) -> Descriptor {
    guard !flags.contains(.path), !flags.contains(.temporary) else { throw .invalidArgument }
    try mayChange()
    let kept = flags & (openable | .create | .exclusive)
    return try self.identity.acting(as: identity) { () throws(Errno) -> Descriptor in
      guard kept.contains(.create) else {
        return try openExisting(in: directory, path, kept.subtracting(.exclusive))
      }
      // Mostly the file is new. Then there is nothing that would have to be looked at first.
      do throws(Errno) {
        return try directory.open(path, flags: kept | .exclusive, mode: mode)
      } catch .fileExists where !kept.contains(.exclusive) {
        return try openExisting(in: directory, path, kept, mode: mode)
      }
    }
  }

  /// Opens what is there, if it is a regular file or directory.
  ///
  /// What a path names can change between a look at it and the opening, so that the look comes first, to leave FIFOs and
  /// devices alone, and once more afterwards; and the opening itself never waits.
  private func openExisting(
    in directory: borrowing Descriptor, _ path: borrowing Path, _ flags: OpenFlags, mode: UInt32 = 0
  ) throws(Errno) -> Descriptor {
    // The kernel itself opens nothing but a directory then.
    if flags.contains(.directory) { return try directory.open(path, flags: flags, mode: mode) }
    var kind = FileKind.regular
    do throws(Errno) {
      kind = try directory.status(of: path, follow: !flags.contains(.noFollow)).kind
    } catch  where flags.contains(.create) {
      // A dangling link, or a file that has gone meanwhile: the kernel creates it now, or says why not.
    }
    try Self.refuseSpecial(kind)
    return try openLookedAt(in: directory, path, flags, mode: mode)
  }

  /// The second half of ``openExisting(in:_:_:mode:)``: opens without waiting, and looks once more.
  private func openLookedAt(
    in directory: borrowing Descriptor, _ path: borrowing Path, _ flags: OpenFlags, mode: UInt32 = 0
  ) throws(Errno) -> Descriptor {
    let opened = try directory.open(path, flags: flags | .nonBlocking | .noControllingTerminal, mode: mode)
    try Self.refuseSpecial(try opened.status().kind)
    // Waiting is the peer's to choose again.
    if !flags.contains(.nonBlocking) { try opened.setStatusFlags(flags) }
    return opened
  }

  private static func refuseSpecial(_ kind: FileKind) throws(Errno) {
    switch kind {
    // A link that mustn't be followed is the kernel's to refuse.
    case .regular, .directory, .symbolicLink: return
    case .other: throw .noSuchAddressOrDevice
    }
  }

  /// What a peer may ask of an open file. Other bits mean nothing to a regular file, or something to the process (`O_ASYNC`).
  var openable: OpenFlags {
    let all: OpenFlags =
      .accessMode | .append | .dataSync | .direct | .directory | .noAccessTime | .noFollow | .nonBlocking | .sync
      | .truncate
    // Who only reads has no right to ask for it, and a read-only mount keeps access times as they are anyway.
    return isReadOnly ? all.subtracting(.noAccessTime) : all
  }

  /// An inode's generation, 0 where the file system keeps none.
  ///
  /// - Throws: `ENXIO` for anything but a regular file or directory.
  package func generation(in directory: borrowing Descriptor, _ path: borrowing Path) throws(Errno) -> UInt64 {
    let status = try directory.status(of: path, follow: true)
    try Self.refuseSpecial(status.kind)
    guard status.device != deviceWithoutGenerations.load(ordering: .relaxed) else { return 0 }
    // Not to be read from, so it may stay as it was opened.
    let file = try openLookedAt(in: directory, path, .nonBlocking)
    if let generation = try file.generation() { return UInt64(generation) }
    deviceWithoutGenerations.store(try file.status().device, ordering: .relaxed)
    return 0
  }
}
