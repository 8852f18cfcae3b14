import Confinement
import Monitor
import Export
import Linux
import NinePServer
import ProxyServer
import Serving
import SystemPackage

/// One client's stay, as far as it concerns this process.
struct Visit: ~Copyable, Sendable {
  private let socket: Descriptor
  private let root: Descriptor
  private let user: ThreadUser?
  private let terms: ExportTerms
  private let service: Service
  private let name: ClientName
  private let connection: Connection

  /// Who is at the other end of the socket.
  enum Service: Sendable {
    case client(NinePServer.Terms)
    /// The worker, which speaks with the client.
    case worker
  }

  /// - Parameters:
  ///   - socket: what is served.
  ///   - root: the export's root directory.
  ///   - user: whom the thread is to become; nil where it stays who it is.
  ///   - terms: how the directory is served.
  ///   - service: who is at the other end.
  ///   - name: what the log calls the client.
  ///   - connection: the client's place among all, which ends with the stay.
  init(
    _ socket: consuming Descriptor, root: consuming Descriptor, as user: ThreadUser?, terms: ExportTerms,
    _ service: Service, name: ClientName, connection: consuming Connection
  ) {
    self.socket = socket
    self.root = root
    self.user = user
    self.terms = terms
    self.service = service
    self.name = name
    self.connection = connection
  }

  /// Serves the socket on a new thread. Where there can't be one, the stay has ended.
  consuming func begin() throws(Errno) {
    try Thread.start(owning: self) { visit in visit.serve() }
  }

  /// Serves the socket on this thread, which is the client's from now on.
  consuming func serve() {
    let (user, terms) = (user, terms)
    let (service, name) = (service, name)
    let root = root
    let socket = socket
    let connection = connection
    do throws(Errno) {
      if let user { try Thread.become(user) }
      let export = try terms.makeExport(of: root)
      switch service {
      case .client(let terms): name.report(NinePServer.serve(export, on: socket, terms))
      case .worker:
        // The worker says how the client's connection has ended.
        if case .failed(let error) = Monitor.serve(export, on: socket) {
          ClientLog.write(.failed, "\(name.text) can't be served any more: \(error)")
        }
      }
    } catch {
      ClientLog.write(.failed, "\(name.text) can't be served: \(error)")
    }
    // Not before.
    connection.end()
  }
}
