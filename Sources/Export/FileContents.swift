package import Linux
package import SystemPackage

/// The operations on the contents of open files. Any thread with the credentials of the session's thread may perform them.
package protocol FileContents: Sendable {
  /// Reads from `offset` until the buffer is full or the file ends.
  func read(
    _ file: borrowing Descriptor, at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int
  /// Reads the same bytes if they are all in memory; returns nil if they aren't.
  ///
  /// - Throws: `EOPNOTSUPP` if the file system doesn't tell.
  func readAtOnce(
    _ file: borrowing Descriptor, at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int?
  /// Writes as many bytes as the file takes. The file keeps its set-id bits only if the client's root writes, `isRoot`.
  func write(
    _ data: Span<UInt8>, to file: borrowing Descriptor, at offset: UInt64, isRoot: Bool
  ) throws(Errno) -> Int
  /// Writes the file to the disk.
  func synchronize(_ file: borrowing Descriptor, dataOnly: Bool) throws(Errno)
}

/// The operations on files that this process has open itself.
package struct OpenFiles: FileContents {
  private let writing: OrdinaryWriting

  /// Makes them for threads with the calling one's credentials.
  package init() throws(Errno) {
    writing = try OrdinaryWriting()
  }

  package func read(
    _ file: borrowing Descriptor, at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try file.read(at: offset, into: &buffer)
  }

  package func readAtOnce(
    _ file: borrowing Descriptor, at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int? {
    try file.readAtOnce(at: offset, into: &buffer)
  }

  package func write(
    _ data: Span<UInt8>, to file: borrowing Descriptor, at offset: UInt64, isRoot: Bool
  ) throws(Errno) -> Int {
    if isRoot { return try file.write(data, at: offset) }
    return try writing.write { () throws(Errno) in try file.write(data, at: offset) }
  }

  package func synchronize(_ file: borrowing Descriptor, dataOnly: Bool) throws(Errno) {
    if dataOnly { try file.fdatasync() } else { try file.fsync() }
  }
}

extension FileSystem where Self: ~Copyable, Contents == OpenFiles {
  package borrowing func contents() throws(Errno) -> OpenFiles { try OpenFiles() }
}
