internal import Glibc
package import SystemPackage

/// A wait for clients that SIGTERM and SIGINT end, whenever they come, and that leaves the socket as it is: whoever passed
/// it on, as systemd does, goes on with it.
package struct Termination: ~Copyable {
  // What the signals shut down; its other end keeps it from being at its end before.
  private let end: Descriptor
  private let other: Descriptor

  /// The signals are kept for ``accept(on:)`` from now on, of the only such value. The system call is `socketpair`.
  package init() throws(Errno) {
    var pair = try PacketSocketPair()
    guard let end = pair.takeEnd(), let other = pair.takeEnd() else { throw .badFileDescriptor }
    Process.endOnTermination(end)
    self.end = end
    self.other = other
  }

  /// Waits for a client. The system calls are `poll` and `accept4`.
  ///
  /// - Parameter socket: one that listens, whether or not it waits by itself.
  /// - Returns: the client's socket, and where it comes from.
  /// - Throws: `EINTR` when a signal has come, or `ECONNABORTED` where the client has gone, if only to another process.
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
