package import Export
package import Linux
import ProxyProtocol
package import Serving
import SystemPackage

/// Serves an export to the one client at the other end of a socket.
package enum ProxyServer {
  /// Answers requests, each in its turn, until there can be no further one.
  package static func serve(
    _ export: consuming PathExport, on socket: borrowing Descriptor, polling: RequestWait.Polling = .automatic
  ) -> Ending {
    var inbox: ProxyInbox
    do throws(Errno) {
      inbox = try ProxyInbox()
    } catch {
      return .failed(error)
    }
    var wait = RequestWait(polling)
    var outbox = Outbox()
    var responder = Responder(export: export)
    while true {
      let header: FrameHeader
      do throws(Ending) {
        header = try inbox.receiveFrame(from: socket, waiting: &wait)
      } catch {
        return error
      }
      guard let type = RequestType(rawValue: header.type) else {
        return .nonsense(type: header.type, size: header.size)
      }
      do throws(Errno) {
        try responder.respond(to: type, payload: inbox.payload(of: header), through: &outbox, on: socket)
      } catch {
        return Ending(error)
      }
      inbox.discardFrame(header)
    }
  }
}
