package import Linux
package import SystemPackage

/// What is done with the contents of open files. Any thread of the user that a session's thread is may do it.
package protocol FileContents: Sendable {
  /// Reads until the buffer is full or the file ends.
  func read(
    _ file: borrowing Descriptor, at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int
  /// Reads in the same way what is in memory; nil where it isn't all there.
  ///
  /// - Throws: `EOPNOTSUPP` where only reading would tell.
  func readAtOnce(
    _ file: borrowing Descriptor, at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int?
  /// Writes, as many bytes as it takes. `isRoot` says that the client's root does it.
  func write(
    _ data: Span<UInt8>, to file: borrowing Descriptor, at offset: UInt64, isRoot: Bool
  ) throws(Errno) -> Int
  /// Brings what was written to the disk.
  func synchronize(_ file: borrowing Descriptor, dataOnly: Bool) throws(Errno)
}

/// The contents of files that this process has open itself.
package struct OpenFiles: FileContents {
  private let writing: OrdinaryWriting

  /// For threads with the calling one's credentials.
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
