package import Export
package import Linux
import ProxyProtocol
package import Serving
package import SystemPackage

/// Serves an export to the one client at the other end of a socket.
package enum ProxyServer {
  /// How a connection ended.
  package enum Ending: Equatable, Sendable {
    /// The client closed it between two requests, or the process was told to end.
    case closed
    /// The client closed it within a request.
    case cutShort
    /// The client sent what can't be followed by anything: an unknown type, or a frame larger than there can be.
    case nonsense(type: UInt32, size: UInt32)
    /// The socket failed.
    case failed(Errno)
  }

  /// Answers requests, each in its turn, until there can be no further one.
  package static func serve(
    _ export: consuming Export, on socket: borrowing Descriptor, polling: RequestWait.Polling = .automatic
  ) -> Ending {
    var inbox = Inbox()
    var wait = RequestWait(polling)
    var outbox = Outbox()
    var responder = Responder(export: export)
    while true {
      let header: FrameHeader
      do throws(Inbox.End) {
        header = try inbox.receiveFrame(from: socket, waiting: &wait)
      } catch {
        return Ending(error)
      }
      guard let type = RequestType(rawValue: header.type) else {
        return .nonsense(type: header.type, size: header.size)
      }
      do throws(Errno) {
        try responder.respond(to: type, inbox.payload(of: header), through: &outbox, on: socket)
      } catch {
        return Ending(sending: error)
      }
      inbox.discardFrame(header)
    }
  }
}

extension ProxyServer.Ending {
  fileprivate init(_ end: Inbox.End) {
    switch end {
    case .closed: self = .closed
    case .cutShort: self = .cutShort
    case .oversized(let header): self = .nonsense(type: header.type, size: header.size)
    case .failed(.connectionReset): self = .cutShort
    case .failed(let error): self = .failed(error)
    }
  }

  fileprivate init(sending error: Errno) {
    // The client has gone without waiting for its reply.
    self = error == .brokenPipe || error == .connectionReset ? .cutShort : .failed(error)
  }
}
