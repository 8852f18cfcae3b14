internal import Glibc
package import SystemPackage

/// A wait for clients that ends on SIGTERM and SIGINT without shutting down the listening socket, which may be systemd's.
///
/// A signal isn't lost if it comes between two waits.
package struct Termination: ~Copyable {
  // The socket that the signals shut down, and its other end, which keeps it open until then.
  private let end: Descriptor
  private let other: Descriptor

  /// Makes the signals end ``accept(on:)``. There may be one such value. The system call is `socketpair`.
  package init() throws(Errno) {
    var pair = try PacketSocketPair()
    guard let end = pair.takeEnd(), let other = pair.takeEnd() else { throw .badFileDescriptor }
    Process.endOnTermination(end)
    self.end = end
    self.other = other
  }

  /// Waits for a client. The system calls are `poll` and `accept4`.
  ///
  /// - Parameter socket: a listening socket, blocking or not.
  /// - Returns: the client's socket and address.
  /// - Throws: `EINTR` after a signal, or `ECONNABORTED` if the client is gone or another process has accepted it.
  package borrowing func accept(on socket: borrowing Descriptor) throws(Errno) -> AcceptedSocket {
    var waited: InlineArray<2, pollfd> = [
      pollfd(fd: socket.rawValue, events: Int16(POLLIN), revents: 0),
      pollfd(fd: end.rawValue, events: Int16(POLLIN), revents: 0),
    ]
    var span = waited.mutableSpan
    try unsafe span.withUnsafeMutableBufferPointer { waited throws(Errno) in
      _ = try unsafe valueOrErrno(poll(waited.baseAddress, nfds_t(waited.count), -1))
    }
    guard waited[1].revents == 0 else { throw .interrupted }
    // Another process with the same socket may have been faster.
    do throws(Errno) {
      return try socket.acceptWithAddress()
    } catch .resourceTemporarilyUnavailable {
      throw .connectionAbort
    }
  }
}
