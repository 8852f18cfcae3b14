import Confinement
import Export
import Linux
import MonitoredExport
import NinePServer
import Serving
import SystemPackage

/// The half of a split server that speaks with clients. The monitor does what takes privilege.
///
/// It has no capability, no rights of a user's, and no way to a file but those of the export. The monitor lets a client in,
/// and sends its socket and a connection to the monitor's thread for it.
struct Worker {
  let share: Share
  /// Where the exports are on the host.
  let paths: [HostPath]
  let roots: ExportTree.Roots
  /// Who it is where root starts it; nil for the user who does.
  let identity: Identity?
  let limits: Limits
  let seccomp: SystemCallFilter.Mode
  let isReadOnly: Bool

  /// How much it may use.
  struct Limits {
    let descriptors: UInt
    let addressSpace: UInt
  }

  /// Starts it, and waits until it has given up everything. What it can't do is on the log.
  ///
  /// - Parameter root: the export's root directory.
  /// - Returns: the socket that it takes clients from.
  /// - Throws: the step that failed.
  func start(root: borrowing Descriptor) throws(StageError) -> Descriptor {
    var ends = try stage("make a socket pair for the worker") { () throws(Errno) in try PacketSocketPair() }
    guard let ours = ends.takeEnd(), let theirs = ends.takeEnd() else { Process.end(1) }
    guard try stage("start the worker", { () throws(Errno) in try Process.fork() }) == nil else {
      // Without another holder its end is seen.
      _ = consume theirs
      let isReady = try stage("wait for the worker", { () throws(Errno) in try Self.waitUntilConfined(ours) })
      // The worker has said why.
      if !isReady { Process.end(1) }
      return ours
    }
    Process.closeDescriptors(keeping: root, and: theirs)
    do throws(StageError) {
      let user = identity?.uid ?? Process.uid
      try confine(root, theirs)
      let problem = try checkExports(in: root, as: user)
      if let problem { Log.write(.critical, problem) }
      if Process.terminationSignal == nil {
        try stage("say that the worker is ready") { () throws(Errno) in
          let word = problem == nil ? Self.ready : Self.notReady
          try theirs.sendPacket(word.span, with: PassedDescriptors())
        }
      }
      if problem != nil { Process.end(1) }
    } catch {
      Log.write(.critical, StartError(error).message)
      Process.end(1)
    }
    serve(root, theirs)
    Process.end(0)
  }

  /// What it says, once.
  private static let ready: InlineArray<1, UInt8> = [1]
  private static let notReady: InlineArray<1, UInt8> = [0]

  /// Looks at each export's root directory as it will have to for clients.
  ///
  /// - Parameters:
  ///   - root: the directory that is served.
  ///   - user: this process's.
  /// - Returns: a line for the operator where it may not look at one; nil where it may.
  /// - Throws: what else has failed.
  private func checkExports(in root: borrowing Descriptor, as user: UInt32) throws(StageError) -> String? {
    for (index, path) in paths.enumerated() {
      do throws(Errno) {
        _ = try tree(root).root(of: index).status()
      } catch .permissionDenied {
        return
          "the worker, user \(user), may not look at \"\(path)\": mount a FUSE file system "
          + "with -o allow_other, or say --in-process"
      } catch {
        throw StageError(stage: "look at \"\(path)\"", error: error)
      }
    }
    return nil
  }

  private func tree(_ root: borrowing Descriptor) throws(Errno) -> ExportTree {
    try ExportTree(try root.duplicate(), roots: roots, boundary: .mountNamespace)
  }

  /// - Returns: whether it is ready; else it has said why not.
  /// - Throws: `ECONNRESET` where it has ended, unless a signal has ended both.
  private static func waitUntilConfined(_ socket: borrowing Descriptor) throws(Errno) -> Bool {
    var word = notReady
    var passed = ReceivedDescriptors()
    while Process.terminationSignal == nil {
      do throws(Errno) {
        var span = word.mutableSpan
        if try socket.receivePacket(into: &span, descriptors: &passed) > 0 { return word[0] == ready[0] }
      } catch .interrupted {
        continue
      }
      // The signal may only be on its way here.
      Process.sleep(milliseconds: 100)
      if Process.terminationSignal == nil { throw .connectionReset }
    }
    return true
  }

  /// Ends this process when the worker has gone: nobody could be served any more.
  ///
  /// - Parameter socket: what ``start(root:)`` returned.
  /// - Throws: `EAGAIN` where there can't be another thread.
  static func watch(_ socket: borrowing Descriptor) throws(Errno) {
    try Thread.start(owning: try socket.duplicate()) { socket in
      // It says nothing more.
      _ = Introduction.receive(from: socket)
      // A signal may be for both, and only be on its way here.
      Process.sleep(milliseconds: 100)
      guard Process.terminationSignal == nil else { return }
      Log.write(.critical, "the worker has ended")
      Process.end(1)
    }
  }

  /// Gives up everything.
  private func confine(_ root: borrowing Descriptor, _ clients: borrowing Descriptor) throws(StageError) {
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
    try Confinement.Limits.apply(descriptors: limits.descriptors, addressSpace: limits.addressSpace)
    try SystemCallFilter.load(seccomp, for: SystemCallFilter.Needs.nineP.union(.monitored), readOnly: isReadOnly)
  }

  /// Serves each client on a thread of its own, until the monitor has gone.
  private func serve(_ root: borrowing Descriptor, _ clients: borrowing Descriptor) {
    while true {
      switch Introduction.receive(from: clients) {
      case .introduction(let introduction): serve(introduction, root)
      case .cut: ClientLog.write(.refused, "a client can't be served: \(Errno.tooManyOpenFiles)")
      case .end: return
      }
    }
  }

  /// Where a client can't be served the monitor sees that nobody holds the other end of its thread's socket.
  private func serve(_ introduction: consuming Introduction, _ root: borrowing Descriptor) {
    let name = introduction.name
    do throws(Errno) {
      let client = WorkerClient(
        tree: try tree(root), introduction: introduction, terms: share.terms(introduction.authority))
      try Thread.start(owning: client) { client in client.serve() }
    } catch {
      ClientLog.write(.failed, "\(name.text) can't be served: \(error)")
    }
  }
}

/// A client of the worker's, with all that it takes to serve it.
private struct WorkerClient: ~Copyable, Sendable {
  let tree: ExportTree
  let introduction: Introduction
  let terms: NinePServer.Terms

  /// Serves it on this thread, until it has gone.
  consuming func serve() {
    let name = introduction.name
    let client = introduction.client
    do throws(Errno) {
      let files = try MonitoredExport(
        tree, helper: introduction.helper, looksItself: terms.authority == .trusted)
      name.report(NinePServer.serve(files, on: client, terms))
    } catch {
      ClientLog.write(.failed, "\(name.text) can't be served: \(error)")
    }
  }
}
