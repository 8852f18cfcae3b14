import Export
import Linux
import NinePServer
import SystemPackage

/// Lets clients in, and has each served on a thread of its own.
struct Door: ~Copyable {
  private let root: Descriptor
  /// How many mounts the root directory has that are exports.
  private let mounts: Int
  private let admission: Admission
  private let isReadOnly: Bool
  private let boundary: Export.Boundary
  private let speaker: Speaker

  /// Who speaks with clients.
  enum Speaker: ~Copyable {
    case thisProcess(Share)
    /// Another one, which takes them from this socket.
    case frontEnd(Descriptor)
  }

  init(
    root: consuming Descriptor, mounts: Int, admission: Admission, isReadOnly: Bool,
    boundary: Export.Boundary, speaker: consuming Speaker
  ) {
    self.root = root
    self.mounts = mounts
    self.admission = admission
    self.isReadOnly = isReadOnly
    self.boundary = boundary
    self.speaker = speaker
  }

  /// Ends the process when nobody is there any more to speak with clients.
  borrowing func watchFrontEnd() throws(Errno) {
    switch speaker {
    case .frontEnd(let frontEnd): try FrontEnd.watch(frontEnd)
    case .thisProcess: break
    }
  }

  /// Serves all who connect, until a signal comes.
  borrowing func serve(_ listening: borrowing Descriptor, until termination: borrowing Termination) {
    while true {
      do throws(Errno) {
        guard let visit = try admit(try termination.accept(on: listening)) else { continue }
        try visit.begin()
      } catch {
        if Process.terminationSignal != nil { return }
        if error == .interrupted || error == .connectionAbort { continue }
        // Out of descriptors or threads: one of those who are there has to go first.
        Process.sleep(milliseconds: 100)
      }
    }
  }

  /// Serves the client at the other end of this socket, until it has gone.
  borrowing func serveOne(_ socket: borrowing Descriptor) {
    do throws(Errno) {
      try admit(try socket.duplicate())?.serve()
    } catch {
      Log.write(.critical, "can't serve: \(error)")
    }
  }

  /// Finds out who a client is, and who is to speak with it.
  ///
  /// - Returns: nil for one who isn't let in.
  private borrowing func admit(_ socket: consuming Descriptor) throws(Errno) -> Visit? {
    socket.sendWithoutDelay()
    let peer = try socket.peer()
    guard let users = admission.users(of: peer) else {
      if let peer { Visit.warn("user \(peer.uid) isn't let in: only root and \(admission.own.uid) are") }
      return nil
    }
    guard !Visit.areTooMany else { return nil }
    let root = try root.duplicate()
    let service: Visit.Service
    let served: Descriptor
    switch speaker {
    case .thisProcess(let share):
      service = .client(share.terms(users))
      served = socket
    case .frontEnd(let frontEnd):
      service = .frontEnd(mounts: mounts)
      var ends = try PacketSocketPair()
      guard let helper = ends.takeEnd(), let ours = ends.takeEnd() else { return nil }
      try Introduction(users: users, client: socket, helper: helper).send(on: frontEnd)
      served = ours
    }
    var user: Identity? = nil
    if case .one(let identity) = users, admission.own.uid == 0 { user = identity }
    return Visit(served, root: root, as: user, isReadOnly: isReadOnly, boundary: boundary, service)
  }
}

/// What clients are served, beside files.
struct Share: Sendable {
  let trees: Trees
  let keepsToMount: Bool
  /// What all clients may have.
  let fids: FidBudget
  let locks = LockTable()

  func terms(_ users: Users) -> NinePServer.Terms {
    NinePServer.Terms(users: users, trees: trees, keepsToMount: keepsToMount, fids: fids, locks: locks)
  }
}
