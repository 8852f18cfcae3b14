package import Linux
import Synchronization
package import SystemPackage

/// The way to a client, that all threads of its connection send replies by: each reply whole, one behind the other.
package final class ReplySender: Sendable {
  private let socket: Descriptor
  /// Held while something is sent; what sending has failed of, after which nothing is.
  private let failed = Mutex<Errno?>(nil)

  /// Takes a descriptor of the connection's socket over.
  package init(_ socket: consuming Descriptor) {
    self.socket = socket
  }

  /// Sends whole replies.
  package func send(_ bytes: Span<UInt8>) throws(Errno) {
    try failed.withLock { failed throws(Errno) in try send(bytes, &failed) }
  }

  /// Sends what `finish` puts into a buffer, and returns the bytes of. Nothing else is sent between its call and that.
  package func send(_ buffer: inout Buffer, _ finish: (inout Buffer) -> Int) throws(Errno) {
    try failed.withLock { failed throws(Errno) in
      let count = finish(&buffer)
      try send(buffer.span(0..<count), &failed)
    }
  }

  private func send(_ bytes: Span<UInt8>, _ failed: inout Errno?) throws(Errno) {
    if let failed { throw failed }
    do throws(Errno) {
      try socket.send(bytes)
    } catch {
      failed = error
      // A part may have been sent. Who waits for requests learns that there are no further ones.
      socket.shutDown()
      throw error
    }
  }

  /// Ends the connection.
  package func fail(_ error: Errno) {
    failed.withLock { failed in
      if failed == nil { failed = error }
      socket.shutDown()
    }
  }

  /// What sending has failed of.
  package var failure: Errno? { failed.withLock { $0 } }

  /// Whether the client has closed its end, rather than only ended its requests.
  package var isCutOff: Bool { socket.isCutOff }

  /// Has all who send give up.
  package func cutOff() { socket.shutDown() }
}
