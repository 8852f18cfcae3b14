internal import Export
internal import Linux
internal import Monitor
internal import Serving
internal import SystemPackage

/// The thread that serves a client: the client itself, or in a split server the worker on its behalf.
struct ClientThread<Protocol: FrontEnd>: ~Copyable, Sendable {
  private let socket: Descriptor
  private let root: Descriptor
  private let user: ThreadUser?
  private let terms: ExportTerms
  private let peer: Peer
  private let name: ClientName
  private let connection: Connection

  /// What is at the other end of the socket.
  enum Peer: Sendable {
    case client(Protocol, ClientTerms)
    case worker
  }

  /// - Parameters:
  ///   - socket: the socket to serve.
  ///   - root: the root directory that is served.
  ///   - user: the user that the thread becomes; nil where it keeps its identity.
  ///   - terms: how the directory is served.
  ///   - peer: what is at the other end.
  ///   - name: what the log calls the client.
  ///   - connection: the client's place among all connections, which ends with the thread.
  init(
    _ socket: consuming Descriptor, root: consuming Descriptor, as user: ThreadUser?, terms: ExportTerms,
    peer: Peer, name: ClientName, connection: consuming Connection
  ) {
    self.socket = socket
    self.root = root
    self.user = user
    self.terms = terms
    self.peer = peer
    self.name = name
    self.connection = connection
  }

  /// Serves the socket on a new thread. Where there can't be one, the connection ends.
  consuming func start() throws(Errno) {
    try Thread.start(owning: self) { client in client.run() }
  }

  /// Serves the socket on the calling thread, which then keeps the client's identity.
  consuming func run() {
    let (user, terms) = (user, terms)
    let (peer, name) = (peer, name)
    let root = root
    let socket = socket
    let connection = connection
    do throws(Errno) {
      if let user { try Thread.become(user) }
      let export = try terms.makeExport(of: root)
      switch peer {
      case .client(let frontEnd, let granted):
        name.report(frontEnd.serve(export, on: socket, for: granted), of: frontEnd)
      case .worker:
        // The worker logs how the client's connection has ended.
        if case .failed(let error) = Monitor.serve(export, on: socket) {
          ClientLog.write(.failed, "\(name.text) can't be served any more: \(error)")
        }
      }
    } catch {
      ClientLog.write(.failed, "\(name.text) can't be served: \(error)")
    }
    // Not before: the next client may take its place.
    connection.end()
  }
}
