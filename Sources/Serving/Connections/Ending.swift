package import SystemPackage

/// The end of a connection.
package enum Ending: Error, Equatable, Sendable {
  /// The client closed it between two requests, or the process was told to end.
  case closed
  /// The client closed it within a request, or without waiting for a reply.
  case cutShort
  /// The server has lost the process that it needs for the files.
  case lost
  /// The client sent a frame header with an impossible size or type; nothing after it can be parsed.
  case nonsense(type: UInt32, size: UInt32)
  /// The client broke the rules of the transport, in the way that the text says.
  case violation(String)
  /// The client didn't start its session in time.
  case notStarted
  /// The socket failed, or there is no memory for the connection.
  case failed(Errno)

  /// Ends a connection after receiving or sending failed.
  package init(_ error: Errno) {
    // A client that has gone without waiting for its reply.
    self = error == .brokenPipe || error == .connectionReset ? .cutShort : .failed(error)
  }
}
