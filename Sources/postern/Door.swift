import Confinement
import Linux
import NinePServer
import Serving
import SystemPackage

/// Lets clients in, and has each served on a thread of its own.
struct Door: ~Copyable {
  private let root: Descriptor
  private let admission: Admission
  private let connections: ConnectionTable
  private let terms: ExportTerms
  /// The ids of threads that act as users, but for those that files are used as.
  private let holder: Identity?
  /// What the kernel reports for a group that has no number in this process's user namespace; nil where all groups have one.
  private let overflow: UInt32?
  /// The host's number of who is root in this process's user namespace; nil where that is root.
  private let hostUser: UInt32?
  private let speaker: Speaker

  /// Who speaks with clients.
  enum Speaker: ~Copyable {
    case thisProcess(Share)
    /// The worker, which takes them from this socket.
    case worker(Descriptor)
  }

  init(
    root: consuming Descriptor, admission: Admission, connections: ConnectionTable, terms: ExportTerms,
    holder: Identity?, overflow: UInt32?, hostUser: UInt32?, speaker: consuming Speaker
  ) {
    self.root = root
    self.admission = admission
    self.connections = connections
    self.terms = terms
    self.holder = holder
    self.overflow = overflow
    self.hostUser = hostUser
    self.speaker = speaker
  }

  /// Ends the process when the worker has ended.
  borrowing func watchWorker() throws(Errno) {
    switch speaker {
    case .worker(let worker): try Worker.watch(worker)
    case .thisProcess: break
    }
  }

  /// Serves all who connect, until a signal comes.
  borrowing func serve(_ listening: borrowing Descriptor, until termination: borrowing Termination) {
    var spare = spareDescriptor()
    while true {
      do throws(Errno) {
        if spare == nil { spare = spareDescriptor() }
        let accepted = try termination.accept(on: listening)
        let peer = accepted.peer
        begin(accepted.keepSocket(), from: peer)
      } catch {
        if Process.terminationSignal != nil { return }
        if error == .interrupted || error == .connectionAbort { continue }
        ClientLog.write(.refused, "a client can't be let in: \(error)")
        if error == .tooManyOpenFiles || error == .tooManyOpenFilesInSystem, spare != nil {
          // It would wait for ever; with the descriptor that was kept for this it is told.
          spare = nil
          if turnAway(from: listening) { continue }
        }
        // Out of memory, say: trying again at once wouldn't help.
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

  /// Closes the connection of the first client who waits.
  private borrowing func turnAway(from listening: borrowing Descriptor) -> Bool {
    do throws(Errno) {
      _ = try listening.accept()
      return true
    } catch {
      return false
    }
  }

  /// Serves the client at the other end of this socket, until it has gone.
  borrowing func serveOne(_ socket: borrowing Descriptor) {
    do throws(Errno) {
      guard let arrival = admit(try socket.duplicate(), from: .other) else { return }
      try introduce(arrival.introduction)
      arrival.visit.serve()
    } catch {
      Log.write(.critical, "can't serve: \(error)")
    }
  }

  /// Has a client served that is let in.
  private borrowing func begin(_ socket: consuming Descriptor, from address: SocketAddress) {
    guard let arrival = admit(socket, from: address) else { return }
    let name = arrival.name
    do throws(Errno) {
      try arrival.visit.begin()
    } catch {
      ClientLog.write(.refused, "\(name.text) can't be served: no thread can be started for it (\(error))")
      return
    }
    do throws(Errno) {
      // Where this fails nobody has the other end of what the thread serves, and the thread ends.
      try introduce(arrival.introduction)
    } catch {
      ClientLog.write(.refused, "\(name.text) can't be served: \(error)")
    }
  }

  /// A client that is let in.
  private struct Arrival: ~Copyable {
    let name: ClientName
    let visit: Visit
    /// What the worker is to be told.
    let introduction: Introduction?
  }

  /// Tells the worker of a client, if there is a worker, and keeps nothing of what it is sent.
  private borrowing func introduce(_ introduction: consuming Introduction?) throws(Errno) {
    switch introduction {
    case .some(let introduction):
      switch speaker {
      case .worker(let worker): try introduction.send(on: worker)
      case .thisProcess: break
      }
    case nil: break
    }
  }

  /// Finds out who a client is, and who is to speak with it.
  ///
  /// - Returns: nil for one who isn't let in.
  private borrowing func admit(_ socket: consuming Descriptor, from address: SocketAddress) -> Arrival? {
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
      let user = try threadUser(of: authority, at: socket)
      if let overflow, let user, admission.squash == nil, user.has(group: overflow) {
        // To leave the group out may open files to the user that keep it out.
        ClientLog.write(
          .refused, "\(text) isn't let in: one of its groups has no number in the server's user namespace")
        return nil
      }
      let name = ClientName(number: connection.number, peer: text)
      return try admit(socket, authority, user, name, connection)
    } catch {
      ClientLog.write(.refused, "a client can't be let in: \(error)")
      return nil
    }
  }

  /// Whom the thread that serves a client is to act as; nil where it stays as it is.
  private borrowing func threadUser(
    of authority: Authority, at socket: borrowing Descriptor
  ) throws(Errno) -> ThreadUser? {
    guard case .one(let identity) = authority, admission.own.uid == 0 else { return nil }
    var groups: [UInt32] = []
    if admission.squash == nil { try socket.readPeerGroups(into: &groups) }
    return ThreadUser(identity, groups: groups, holder: holder)
  }

  private borrowing func admit(
    _ socket: consuming Descriptor, _ authority: Authority, _ user: ThreadUser?, _ name: ClientName,
    _ connection: consuming Connection
  ) throws(Errno) -> Arrival {
    let root = try root.duplicate()
    let service: Visit.Service
    let served: Descriptor
    let introduction: Introduction?
    switch speaker {
    case .thisProcess(let share):
      service = .client(share.terms(authority))
      served = socket
      introduction = nil
    case .worker:
      service = .worker
      var ends = try PacketSocketPair()
      guard let helper = ends.takeEnd(), let ours = ends.takeEnd() else { throw .badFileDescriptor }
      introduction = Introduction(authority: authority, name: name, client: socket, helper: helper)
      served = ours
    }
    ClientLog.write(.connected, "\(name.text) connected, \(role(of: authority))")
    return Arrival(
      name: name,
      visit: Visit(
        served, root: root, as: user, terms: terms, service, name: name, connection: connection),
      introduction: introduction)
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

/// What clients are served, beside files.
struct Share: Sendable {
  let accounts: Accounts
  let trees: Trees
  let keepsToMount: Bool
  /// What all clients may have.
  let descriptors: DescriptorBudget
  let memory: MemoryBudget
  let threads: ThreadBudget
  let locks = LockTable()
  /// Whose connections may take their time to attach: a QEMU that is joined to the socket connects when it starts, and its
  /// guest mounts when it likes.
  let patience: Patience

  enum Patience {
    case none, believed, all
  }

  func terms(_ authority: Authority) -> NinePServer.Terms {
    NinePServer.Terms(
      authority: authority, accounts: accounts, trees: trees, keepsToMount: keepsToMount, descriptors: descriptors,
      memory: memory,
      threads: threads, locks: locks,
      attachTimeout: patience == .all || patience == .believed && authority == .trusted
        ? nil : NinePServer.attachTimeout)
  }
}
