internal import Linux

/// What speaks with the clients of a server.
enum Service<Protocol: FrontEnd>: ~Copyable {
  /// This process.
  case inProcess(Protocol, SharedResources)
  /// The worker, which takes clients from this socket.
  case worker(Descriptor)
}
