internal import Confinement
internal import Export
internal import Linux
internal import Serving
internal import SystemPackage

/// The half of a split server that speaks with clients. The monitor does what takes privilege.
///
/// It has no capability, no rights of a user's, and no way to a file but those of the export. The monitor accepts a client, and
/// hands over its socket and a connection to the monitor's thread for it.
struct Worker<Protocol: FrontEnd> {
  let frontEnd: Protocol
  let shared: SharedResources
  /// The paths of the exports on the host.
  let paths: [HostPath]
  let roots: ExportTree.Roots
  /// The identity that root gives it; nil keeps the user's.
  let identity: Identity?
  let limits: WorkerLimits
  let filter: SystemCallFilter.Mode
  let isReadOnly: Bool

  /// Starts it, and waits until it has given up everything. It logs itself what it can't do.
  ///
  /// - Parameter root: the root directory that is served.
  /// - Returns: the socket that it takes clients from.
  /// - Throws: the step that failed.
  func start(root: borrowing Descriptor) throws(StageError) -> Descriptor {
    var ends = try stage("make a socket pair for the worker") { () throws(Errno) in try PacketSocketPair() }
    guard let ours = ends.takeEnd(), let theirs = ends.takeEnd() else { Process.end(1) }
    guard try stage("start the worker", { () throws(Errno) in try Process.fork() }) == nil else {
      // Without another holder the end of the worker can be seen.
      _ = consume theirs
      let isReady = try stage("wait for the worker", { () throws(Errno) in try WorkerReadiness.wait(on: ours) })
      // The worker has said why.
      if !isReady { Process.end(1) }
      return ours
    }
    Process.closeDescriptors(keeping: root, and: theirs)
    do throws(StageError) {
      let user = identity?.uid ?? Process.uid
      try confine(root, clients: theirs)
      let problem = try checkExports(in: root, as: user)
      if let problem { Log.write(.critical, problem) }
      if Process.terminationSignal == nil {
        try stage("say that the worker is ready") { () throws(Errno) in
          try WorkerReadiness.tell(isReady: problem == nil, on: theirs)
        }
      }
      if problem != nil { Process.end(1) }
    } catch {
      Log.write(.critical, StartError(error).message)
      Process.end(1)
    }
    serve(root, clients: theirs)
    Process.end(0)
  }

  /// Looks at the root directory of each export, as it will have to for clients.
  ///
  /// - Parameters:
  ///   - root: the root directory that is served.
  ///   - user: the worker's user.
  /// - Returns: a line for the operator where permission is denied; else nil.
  /// - Throws: another failure.
  private func checkExports(in root: borrowing Descriptor, as user: UInt32) throws(StageError) -> String? {
    for (index, path) in paths.enumerated() {
      do throws(Errno) {
        _ = try tree(root).root(of: index).status()
      } catch .permissionDenied {
        return
          "the worker, user \(user), may not look at \"\(path)\": mount a FUSE file system with -o allow_other, or say "
          + "--in-process"
      } catch {
        throw StageError(stage: "look at \"\(path)\"", error: error)
      }
    }
    return nil
  }

  private func tree(_ root: borrowing Descriptor) throws(Errno) -> ExportTree {
    try ExportTree(try root.duplicate(), roots: roots, boundary: .mountNamespace)
  }

  /// Gives up everything.
  private func confine(_ root: borrowing Descriptor, clients: borrowing Descriptor) throws(StageError) {
    try stage("leave the links to open files") { () throws(Errno) in try root.becomeWorkingDirectory() }
    Process.endOnTermination(clients)
    if let identity {
      try Privileges.drop(allBut: .setuid | .setgid, hasUsers: true)
      try stage("become user \(identity.uid)") { () throws(Errno) in
        try Thread.become(ThreadUser(identity, holder: identity))
      }
    } else {
      // Groups can't be left in an ordinary user's namespace.
      try Privileges.drop(allBut: .none, leavingGroups: false)
    }
    try Limits.apply(descriptors: limits.descriptors, addressSpace: limits.addressSpace)
    try SystemCallFilter.load(filter, for: frontEnd.needs.union(.monitoredExport), readOnly: isReadOnly)
  }

  /// Serves each client on a thread of its own, until the monitor has ended.
  private func serve(_ root: borrowing Descriptor, clients: borrowing Descriptor) {
    while true {
      switch Handover.receive(from: clients) {
      case .handover(let handover): serve(handover, root: root)
      case .cut: ClientLog.write(.refused, "a client can't be served: \(Errno.tooManyOpenFiles)")
      case .end: return
      }
    }
  }

  /// Where a client can't be served the monitor sees that nobody holds the other end of its thread's socket.
  private func serve(_ handover: consuming Handover, root: borrowing Descriptor) {
    let name = handover.name
    do throws(Errno) {
      let client = WorkerClient(
        frontEnd: frontEnd, tree: try tree(root), handover: handover, terms: shared.terms(for: handover.authority)
      )
      try Thread.start(owning: client) { client in client.serve() }
    } catch {
      ClientLog.write(.failed, "\(name.text) can't be served: \(error)")
    }
  }
}
