internal import Linux
internal import SystemPackage

/// The changes and open flags that an export permits.
struct AccessMode: Sendable {
  let isReadOnly: Bool

  /// Refuses a change of a read-only export.
  ///
  /// - Throws: `EROFS`.
  func requireWritable() throws(Errno) {
    guard !isReadOnly else { throw .readOnlyFileSystem }
  }

  /// The flags that a peer may set on an open file. Other bits mean nothing to a regular file, or something to the process
  /// (`O_ASYNC`).
  var openable: OpenFlags {
    let all: OpenFlags =
      .accessMode | .append | .dataSync | .direct | .directory | .noAccessTime | .noFollow | .nonBlocking | .sync
      | .truncate
    // A read-only user has no right to ask for O_NOATIME, and a read-only mount keeps access times as they are anyway.
    return isReadOnly ? all.subtracting(.noAccessTime) : all
  }
}

extension FileKind {
  /// Refuses special files, which are never opened: opening a FIFO waits, and opening a device acts on it.
  ///
  /// - Throws: `ENXIO`. A symbolic link passes: the kernel refuses to open one that mustn't be followed.
  func refuseSpecial() throws(Errno) {
    switch self {
    case .regular, .directory, .symbolicLink: return
    case .other: throw .noSuchAddressOrDevice
    }
  }
}
