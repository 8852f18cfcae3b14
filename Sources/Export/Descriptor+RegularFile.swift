internal import Linux
internal import SystemPackage

// Opening by name what mustn't be a special file.
extension Descriptor {
  /// Opens an existing regular file or directory.
  ///
  /// A name can refer to another file between a look and the opening, so the file is looked at before the opening, to leave
  /// FIFOs and devices alone, and once more afterwards; and the opening itself never waits.
  /// - Throws: `ENXIO` for anything but a regular file or directory.
  borrowing func openExisting(
    _ path: borrowing Path, flags: OpenFlags, mode: UInt32 = 0
  ) throws(Errno) -> Descriptor {
    // The kernel itself opens nothing but a directory then.
    if flags.contains(.directory) { return try open(path, flags: flags, mode: mode) }
    var kind = FileKind.regular
    do throws(Errno) {
      kind = try status(of: path, follow: !flags.contains(.noFollow)).kind
    } catch  where flags.contains(.create) {
      // A dangling link, or a file that has gone meanwhile: the kernel creates it now, or says why not.
    }
    try kind.refuseSpecial()
    return try openSeen(path, flags: flags, mode: mode)
  }

  /// Performs the second half of ``openExisting(_:flags:mode:)``: opens without waiting, and looks once more.
  borrowing func openSeen(
    _ path: borrowing Path, flags: OpenFlags, mode: UInt32 = 0
  ) throws(Errno) -> Descriptor {
    let opened = try open(path, flags: flags | .nonBlocking | .noControllingTerminal, mode: mode)
    try opened.status().kind.refuseSpecial()
    // Waiting is the peer's to choose again.
    if !flags.contains(.nonBlocking) { try opened.setStatusFlags(flags) }
    return opened
  }

  /// Creates a regular file, or without `O_EXCL` opens the one that has the name.
  ///
  /// - Throws: `EEXIST`, and as ``openExisting(_:flags:mode:)``.
  borrowing func create(_ path: borrowing Path, flags: OpenFlags, mode: UInt32) throws(Errno) -> Descriptor {
    // Mostly the file is new. Then there is nothing that would have to be looked at first.
    do throws(Errno) {
      return try open(path, flags: flags | .exclusive, mode: mode)
    } catch .fileExists where !flags.contains(.exclusive) {
      return try openExisting(path, flags: flags, mode: mode)
    }
  }
}
