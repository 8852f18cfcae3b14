package import Linux
internal import Synchronization
package import SystemPackage

/// The sending side of a connection, shared by its threads: each reply is sent whole before the next one.
package final class ReplySender: Sendable {
  private let socket: Descriptor
  /// Locked while replies are sent. The error that sending has failed with; after it nothing is sent.
  private let failed = Mutex<Errno?>(nil)

  /// Creates the sending side of a socket, by a descriptor of its own.
  package init(_ socket: consuming Descriptor) {
    self.socket = socket
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
      try socket.send(bytes)
    } catch {
      failed = error
      // A part may have been sent. The thread that receives requests sees the end of the stream.
      socket.shutDown()
      throw error
    }
  }

  /// Ends the connection, as if sending had failed.
  package func fail(_ error: Errno) {
    failed.withLock { failed in
      if failed == nil { failed = error }
      socket.shutDown()
    }
  }

  /// The error that sending has failed with.
  package var failure: Errno? { failed.withLock { $0 } }

  /// The client has closed its end, and not only stopped sending.
  package var isCutOff: Bool { socket.isCutOff }

  /// Shuts the socket down, so that a thread that is sending fails.
  package func cutOff() { socket.shutDown() }
}
