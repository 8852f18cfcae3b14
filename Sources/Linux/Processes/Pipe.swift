internal import Glibc
package import SystemPackage

/// A pipe between two processes, for a byte or for its end.
package struct Pipe: ~Copyable {
  private let reading: Descriptor
  let writing: Descriptor

  /// Makes a pipe. The system call is `pipe`.
  package init() throws(Errno) {
    var ends: [CInt] = [-1, -1]
    _ = try unsafe valueOrErrno(pipe(&ends))
    reading = Descriptor(adopting: ends[0])
    writing = Descriptor(adopting: ends[1])
  }

  /// Keeps the read end and closes the other.
  package consuming func receiver() -> PipeReceiver { PipeReceiver(end: reading) }

  /// Keeps the write end and closes the other.
  package consuming func sender() -> PipeSender { PipeSender(end: writing) }
}
