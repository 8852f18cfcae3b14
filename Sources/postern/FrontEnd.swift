import Confinement
import Export
import Linux
import NinePProxy
import NinePServer
import SystemPackage

/// The process that clients speak with, where another one does for it what takes privilege.
///
/// It has no capability, no rights of a user's, and no way to a file but those of the export. Each client's socket, and a
/// connection to the helper for that client, it gets from the other process, which has let the client in.
struct FrontEnd {
  let share: Share
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
    var ends = try stage("connect a front end") { () throws(Errno) in try PacketSocketPair() }
    guard let ours = ends.takeEnd(), let theirs = ends.takeEnd() else { Process.end(1) }
    guard try stage("start a front end", { () throws(Errno) in try Process.fork() }) == nil else {
      // Without another holder its end is seen.
      _ = consume theirs
      try stage("have a front end", { () throws(Errno) in try Self.waitUntilConfined(ours) })
      return ours
    }
    Process.closeDescriptors(keeping: root, theirs)
    do throws(StageError) {
      try confine(root, theirs)
      if Process.terminationSignal == nil {
        try stage("say that the front end is ready") { () throws(Errno) in
          try theirs.sendPacket(Self.word.span, with: PassedDescriptors())
        }
      }
    } catch {
      Log.write(.critical, StartError(error).message)
      Process.end(1)
    }
    serve(root, theirs)
    Process.end(0)
  }

  /// What it says, once.
  private static let word: InlineArray<1, UInt8> = [1]

  /// - Throws: `ECONNRESET` where it has ended, unless a signal has ended both.
  private static func waitUntilConfined(_ socket: borrowing Descriptor) throws(Errno) {
    var word = word
    var passed = ReceivedDescriptors()
    while Process.terminationSignal == nil {
      do throws(Errno) {
        var span = word.mutableSpan
        if try socket.receivePacket(into: &span, &passed) > 0 { return }
      } catch .interrupted {
        continue
      }
      // The signal may only be on its way here.
      Process.sleep(milliseconds: 100)
      if Process.terminationSignal == nil { throw .connectionReset }
    }
  }

  /// Ends this process when the front end has gone: nobody could be served any more.
  ///
  /// - Parameter socket: what ``start(root:)`` returned.
  /// - Throws: `EAGAIN` where there can't be another thread.
  static func watch(_ socket: borrowing Descriptor) throws(Errno) {
    let socket = try socket.duplicate().release()
    try Thread.start {
      let socket = Descriptor(adopting: socket)
      // It says nothing more.
      _ = Introduction.receive(from: socket)
      // A signal may be for both, and only be on its way here.
      Process.sleep(milliseconds: 100)
      guard Process.terminationSignal == nil else { return }
      Log.write(.critical, "the process that speaks with clients has ended")
      Process.end(1)
    }
  }

  /// Gives up everything.
  private func confine(_ root: borrowing Descriptor, _ clients: borrowing Descriptor) throws(StageError) {
    try stage("leave the links to open files") { () throws(Errno) in try root.becomeWorkingDirectory() }
    Process.endOnTermination(clients)
    if Process.uid == 0 {
      try Privileges.drop(allBut: .setuid | .setgid)
      try stage("become nobody") { () throws(Errno) in
        try Thread.become(try Identity(uid: Users.nobody, gid: Users.nobody))
      }
    } else {
      // Groups can't be left in an ordinary user's namespace.
      try Privileges.drop(allBut: .none, leavingGroups: false)
    }
    try Confinement.Limits.apply(descriptors: limits.descriptors, addressSpace: limits.addressSpace)
    try SystemCallFilter.load(seccomp, for: .frontEnd, readOnly: isReadOnly)
  }

  /// Serves each client on a thread of its own, until the other process has gone.
  private func serve(_ root: borrowing Descriptor, _ clients: borrowing Descriptor) {
    while let introduction = Introduction.receive(from: clients) {
      do throws(Errno) {
        let terms = share.terms(introduction.users)
        let root = try root.duplicate().release()
        let (client, helper) = introduction.release()
        try Thread.start {
          let client = Descriptor(adopting: client)
          do throws(Errno) {
            let files = try ProxyExport(
              root: Descriptor(adopting: root), helper: Descriptor(adopting: helper),
              looksItself: terms.users == .asClaimed, boundary: .mountNamespace)
            NinePServer.serve(files, on: client, terms).report()
          } catch {
            Visit.warn("a client can't be served: \(error)")
          }
        }
      } catch {
        // The other process sees that nobody holds the other end of the helper's socket.
        Visit.warn("a client can't be served: \(error)")
      }
    }
  }
}
