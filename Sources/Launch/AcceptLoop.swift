internal import Confinement
internal import Linux
internal import Serving
internal import SystemPackage

/// Accepts clients, finds out who they are, and has each served on a thread of its own.
struct AcceptLoop<Protocol: FrontEnd>: ~Copyable {
  let root: Descriptor
  let admission: Admission
  let connections: ConnectionTable
  let terms: ExportTerms
  /// The real, effective and saved ids of threads that act as users.
  let holder: Identity?
  /// The overflow gid: what the kernel reports for a group that has no number in this user namespace; nil where all groups
  /// have one.
  let overflow: UInt32?
  /// The host's number of the user who is root in this process's user namespace; nil where that is root.
  let hostUser: UInt32?
  let service: Service<Protocol>

  /// Accepts clients until a signal comes.
  borrowing func run(on listening: borrowing Descriptor, until termination: borrowing Termination) {
    var spare = spareDescriptor()
    while true {
      do throws(Errno) {
        if spare == nil { spare = spareDescriptor() }
        let accepted = try termination.accept(on: listening)
        let peer = accepted.peer
        start(accepted.keepSocket(), from: peer)
      } catch {
        if Process.terminationSignal != nil { return }
        if error == .interrupted || error == .connectionAbort { continue }
        ClientLog.write(.refused, "can't accept a client: \(error)")
        if error == .tooManyOpenFiles || error == .tooManyOpenFilesInSystem, spare != nil {
          // The client would wait for ever. The descriptor that was kept for this makes room to close its connection.
          spare = nil
          if refuseNext(on: listening) { continue }
        }
        // Out of memory, for one, does not pass at once.
        Process.sleep(milliseconds: 100)
      }
    }
  }

  private borrowing func spareDescriptor() -> Descriptor? {
    do throws(Errno) {
      return try root.duplicate()
    } catch {
      return nil
    }
  }

  /// Accepts the first client that waits, and closes its connection.
  private borrowing func refuseNext(on listening: borrowing Descriptor) -> Bool {
    do throws(Errno) {
      _ = try listening.accept()
      return true
    } catch {
      return false
    }
  }

  /// Accepts the first client, and serves it until its connection ends.
  borrowing func serveFirst(on listening: borrowing Descriptor, until termination: borrowing Termination) {
    while Process.terminationSignal == nil {
      do throws(Errno) {
        let client = try termination.accept(on: listening).keepSocket()
        Process.endOnTermination(client)
        return serveOnly(client)
      } catch {
        if error == .interrupted || error == .connectionAbort { continue }
        return Log.write(.critical, "can't accept a client: \(error)")
      }
    }
  }

  /// Serves the client at the other end of an inherited connection, until that ends.
  borrowing func serveOnly(_ socket: borrowing Descriptor) {
    do throws(Errno) {
      guard let client = admit(try socket.duplicate(), from: .other) else { return }
      try handOver(client.handover)
      client.thread.run()
    } catch {
      Log.write(.critical, "can't serve: \(error)")
    }
  }

  private borrowing func start(_ socket: consuming Descriptor, from address: SocketAddress) {
    guard let client = admit(socket, from: address) else { return }
    let name = client.name
    do throws(Errno) {
      try client.thread.start()
    } catch {
      ClientLog.write(.refused, "\(name.text) can't be served: no thread can be started for it (\(error))")
      return
    }
    do throws(Errno) {
      // Where this fails nobody has the other end of what the thread serves, and the thread ends.
      try handOver(client.handover)
    } catch {
      ClientLog.write(.refused, "\(name.text) can't be served: \(error)")
    }
  }

  /// A client that was let in.
  private struct AdmittedClient: ~Copyable {
    let name: ClientName
    let thread: ClientThread<Protocol>
    /// What the worker is sent.
    let handover: Handover?
  }

  /// Sends the worker a client, where there is a worker. This process keeps nothing of what it sends.
  private borrowing func handOver(_ handover: consuming Handover?) throws(Errno) {
    switch handover {
    case .some(let handover):
      switch service {
      case .worker(let worker): try handover.send(on: worker)
      case .inProcess: break
      }
    case nil: break
    }
  }

  /// Finds out who a client is.
  ///
  /// - Returns: nil for a client that is refused.
  private borrowing func admit(_ socket: consuming Descriptor, from address: SocketAddress) -> AdmittedClient? {
    socket.sendWithoutDelay()
    do throws(Errno) {
      let peer = try socket.peer()
      let text = ClientName.peer(user: peer.map { $0.uid == 0 ? hostUser ?? 0 : $0.uid }, at: address)
      guard let authority = admission.authority(of: peer) else {
        ClientLog.write(.refused, "\(text) isn't let in: only root and user \(admission.own.uid) are")
        return nil
      }
      let connection: Connection
      do throws(ConnectionLimit.Refusal) {
        connection = try connections.take(for: admission.user(of: peer))
      } catch {
        ClientLog.write(.refused, "\(text) isn't let in: \(reason(error))")
        return nil
      }
      let user = try threadUser(for: authority, at: socket)
      if let overflow, let user, admission.squash == nil, user.has(group: overflow) {
        // Files may be closed to the members of a group, so that leaving it out could open them.
        ClientLog.write(
          .refused, "\(text) isn't let in: one of its groups has no number in the server's user namespace")
        return nil
      }
      let name = ClientName(number: connection.number, peer: text)
      return try admit(socket, as: authority, on: user, name: name, connection: connection)
    } catch {
      ClientLog.write(.refused, "can't accept a client: \(error)")
      return nil
    }
  }

  /// The user that the thread of a client becomes; nil where it keeps its identity.
  private borrowing func threadUser(
    for authority: Authority, at socket: borrowing Descriptor
  ) throws(Errno) -> ThreadUser? {
    guard case .one(let identity) = authority, admission.own.uid == 0 else { return nil }
    var groups: [UInt32] = []
    if admission.squash == nil { try socket.readPeerGroups(into: &groups) }
    return ThreadUser(identity, groups: groups, holder: holder)
  }

  private borrowing func admit(
    _ socket: consuming Descriptor, as authority: Authority, on user: ThreadUser?, name: ClientName,
    connection: consuming Connection
  ) throws(Errno) -> AdmittedClient {
    let root = try root.duplicate()
    let peer: ClientThread<Protocol>.Peer
    let served: Descriptor
    let handover: Handover?
    switch service {
    case .inProcess(let frontEnd, let shared):
      peer = .client(frontEnd, shared.terms(for: authority))
      served = socket
      handover = nil
    case .worker:
      peer = .worker
      var ends = try PacketSocketPair()
      guard let monitor = ends.takeEnd(), let ours = ends.takeEnd() else { throw .badFileDescriptor }
      handover = Handover(authority: authority, name: name, client: socket, monitor: monitor)
      served = ours
    }
    ClientLog.write(.connected, "\(name.text) connected, \(role(of: authority))")
    return AdmittedClient(
      name: name,
      thread: ClientThread(
        served, root: root, as: user, terms: terms, peer: peer, name: name, connection: connection),
      handover: handover)
  }

  private borrowing func role(of authority: Authority) -> String {
    switch authority {
    case .trusted: "trusted"
    case .one(let identity): "served as \(identity.uid):\(identity.gid)"
    }
  }

  private borrowing func reason(_ refusal: ConnectionLimit.Refusal) -> String {
    switch refusal {
    case .full: "there are \(connections.most) clients (--max-clients)"
    case .share(let count):
      "it has \(count) of \(connections.most) connections, and the rest is kept for others (--max-clients)"
    }
  }
}
