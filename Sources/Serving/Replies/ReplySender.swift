package import Linux
internal import Synchronization
package import SystemPackage

/// The sending side of a connection, shared by its threads: each reply is sent whole before the next one.
package final class ReplySender: Sendable {
  private let destination: Destination
  /// Locked while replies are sent. The error that sending has failed with; after it nothing is sent.
  private let failed = Mutex<Errno?>(nil)

  /// The place that replies go to.
  private enum Destination: ~Copyable, Sendable {
    case socket(Descriptor)
    /// Not a stream: `send` takes whole replies, and `end` ends the connection.
    case transport(send: @Sendable (Span<UInt8>) -> Void, end: @Sendable () -> Void)

    borrowing func send(_ bytes: Span<UInt8>) throws(Errno) {
      switch self {
      case .socket(let socket): try socket.send(bytes)
      case .transport(let send, _): send(bytes)
      }
    }

    borrowing func end() {
      switch self {
      case .socket(let socket): socket.shutDown()
      case .transport(_, let end): end()
      }
    }
  }

  /// Creates the sending side of a socket, by a descriptor of its own.
  package init(_ socket: consuming Descriptor) {
    destination = .socket(socket)
  }

  /// Creates the sending side of a transport that isn't a socket.
  package init(sending send: @escaping @Sendable (Span<UInt8>) -> Void, ending end: @escaping @Sendable () -> Void) {
    destination = .transport(send: send, end: end)
  }

  /// Sends whole replies.
  package func send(_ bytes: Span<UInt8>) throws(Errno) {
    try failed.withLock { failed throws(Errno) in try send(bytes, failed: &failed) }
  }

  /// Calls `finish` to complete the buffer, and sends as many bytes as it returns. Nothing else is sent in between.
  package func send(_ buffer: inout Buffer, finish: (inout Buffer) -> Int) throws(Errno) {
    try failed.withLock { failed throws(Errno) in
      let count = finish(&buffer)
      try send(buffer.span(0..<count), failed: &failed)
    }
  }

  private func send(_ bytes: Span<UInt8>, failed: inout Errno?) throws(Errno) {
    if let failed { throw failed }
    do throws(Errno) {
      try destination.send(bytes)
    } catch {
      failed = error
      // A part may have been sent. The thread that receives requests sees the end of the stream.
      destination.end()
      throw error
    }
  }

  /// Ends the connection, as if sending had failed.
  package func fail(_ error: Errno) {
    failed.withLock { failed in
      if failed == nil { failed = error }
      destination.end()
    }
  }

  /// The error that sending has failed with.
  package var failure: Errno? { failed.withLock { $0 } }

  /// The client has closed its end, and not only stopped sending.
  package var isCutOff: Bool {
    switch destination {
    case .socket(let socket): socket.isCutOff
    case .transport: false
    }
  }

  /// Shuts the socket down, so that a thread that is sending fails.
  package func cutOff() { destination.end() }
}
