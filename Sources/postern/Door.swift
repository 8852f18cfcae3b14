import Export
import Linux
import NinePExport
import NinePServer
import Synchronization
import SystemPackage

/// Lets clients in, and has each served by a thread of its own.
struct Door: ~Copyable {
  private let root: Descriptor
  private let admission: Admission
  private let isReadOnly: Bool
  private let tree: [UInt8]
  private let fids: Int
  private let locks = LockTable()

  init(root: consuming Descriptor, admission: Admission, isReadOnly: Bool, tree: [UInt8], fids: Int) {
    self.root = root
    self.admission = admission
    self.isReadOnly = isReadOnly
    self.tree = tree
    self.fids = fids
  }

  /// Serves all who connect, until a signal comes.
  borrowing func serve(_ listening: borrowing Descriptor) {
    while true {
      do throws(Errno) {
        let socket = try listening.accept()
        socket.sendWithoutDelay()
        guard let visit = try admit(socket) else { continue }
        let number = socket.release()
        do throws(Errno) {
          try Thread.start { visit.serve(Descriptor(adopting: number)) }
        } catch {
          visit.abandon()
          _ = Descriptor(adopting: number)
          throw error
        }
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
      socket.sendWithoutDelay()
      let copy = try socket.duplicate()
      try admit(copy)?.serve(copy)
    } catch {
      Log.write(.critical, "can't serve: \(error)")
    }
  }

  /// Finds out who a client is.
  ///
  /// - Returns: nil for one who isn't let in.
  private borrowing func admit(_ socket: borrowing Descriptor) throws(Errno) -> Visit? {
    let peer = try socket.peer()
    guard let users = admission.users(of: peer) else {
      if let peer { Self.warn("user \(peer.uid) isn't let in: only root and \(admission.own.uid) are") }
      return nil
    }
    guard Visit.count.load(ordering: .relaxed) < Self.mostClients else { return nil }
    return Visit(
      root: try root.duplicate().release(), isReadOnly: isReadOnly, isRoot: admission.own.uid == 0,
      terms: NinePServer.Terms(users: users, tree: tree, fids: fids, locks: locks))
  }

  private static let mostClients = 64

  /// Warns of a client, but not again and again: clients come as often as they like.
  fileprivate static func warn(_ message: @autoclosure () -> String) {
    let count = warnings.add(1, ordering: .relaxed).newValue
    if count <= mostWarnings { Log.write(.warning, message()) }
    if count == mostWarnings { Log.write(.warning, "further clients like these aren't told of") }
  }

  private static let warnings = Atomic<Int>(0)
  private static let mostWarnings = 100
}

/// One client's stay. It is used once.
private struct Visit: Sendable {
  /// How many there are.
  static let count = Atomic<Int>(0)

  /// The export's descriptor, this visit's to close.
  private let root: CInt
  private let isReadOnly: Bool
  private let isRoot: Bool
  private let terms: NinePServer.Terms

  init(root: CInt, isReadOnly: Bool, isRoot: Bool, terms: NinePServer.Terms) {
    self.root = root
    self.isReadOnly = isReadOnly
    self.isRoot = isRoot
    self.terms = terms
    Self.count.add(1, ordering: .relaxed)
  }

  /// Serves the client. The thread is that client's from now on.
  func serve(_ socket: consuming Descriptor) {
    defer { Self.count.subtract(1, ordering: .relaxed) }
    let root = Descriptor(adopting: root)
    do throws(Errno) {
      if case .one(let user) = terms.users, isRoot { try Thread.become(user) }
      let ending = NinePServer.serve(try Export(root: root, readOnly: isReadOnly), on: socket, terms)
      switch ending {
      case .closed, .cutShort: break
      case .nonsense(let type, let size):
        Door.warn("a client doesn't speak 9P: message \(type) of \(size) bytes")
      case .failed(let error):
        Door.warn("a connection failed: \(error)")
      }
    } catch {
      Door.warn("a client can't be served: \(error)")
    }
  }

  /// Lets go of what it has, where it couldn't begin.
  func abandon() {
    Self.count.subtract(1, ordering: .relaxed)
    _ = Descriptor(adopting: root)
  }
}
