import Export
import Linux
import NinePExport
import NinePServer
import ProxyHelper
import Synchronization
import SystemPackage

/// One client's stay, as far as it concerns this process.
struct Visit: ~Copyable {
  private let socket: Descriptor
  private let root: Descriptor
  private let user: Identity?
  private let isReadOnly: Bool
  private let boundary: Export.Boundary
  private let service: Service

  /// Who is at the other end of the socket.
  enum Service: Sendable {
    case client(NinePServer.Terms)
    /// The process that speaks with the client. The root directory has so many mounts.
    case frontEnd(mounts: Int)
  }

  /// - Parameters:
  ///   - socket: what is served.
  ///   - root: the export's root directory.
  ///   - user: whom the thread is to become; nil where it stays who it is.
  ///   - isReadOnly: whether nothing may be changed.
  ///   - boundary: what keeps `..` inside the export.
  ///   - service: who is at the other end.
  init(
    _ socket: consuming Descriptor, root: consuming Descriptor, as user: Identity?, isReadOnly: Bool,
    boundary: Export.Boundary, _ service: Service
  ) {
    self.socket = socket
    self.root = root
    self.user = user
    self.isReadOnly = isReadOnly
    self.boundary = boundary
    self.service = service
    Self.count.add(1, ordering: .relaxed)
  }

  /// Serves the socket on a new thread.
  consuming func begin() throws(Errno) {
    let (user, isReadOnly, boundary, service) = (user, isReadOnly, boundary, service)
    let (socket, root) = (socket.release(), root.release())
    do throws(Errno) {
      try Thread.start {
        Self.serve(
          Descriptor(adopting: socket), root: Descriptor(adopting: root), as: user, isReadOnly: isReadOnly,
          boundary: boundary, service)
      }
    } catch {
      Self.count.subtract(1, ordering: .relaxed)
      _ = Descriptor(adopting: socket)
      _ = Descriptor(adopting: root)
      throw error
    }
  }

  /// Serves the socket on this thread, which is the client's from now on.
  consuming func serve() {
    Self.serve(socket, root: root, as: user, isReadOnly: isReadOnly, boundary: boundary, service)
  }

  private static func serve(
    _ socket: consuming Descriptor, root: consuming Descriptor, as user: Identity?, isReadOnly: Bool,
    boundary: Export.Boundary, _ service: Service
  ) {
    defer { count.subtract(1, ordering: .relaxed) }
    do throws(Errno) {
      if let user { try Thread.become(user) }
      let export = try Export(root: root, readOnly: isReadOnly, boundary: boundary)
      switch service {
      case .client(let terms): NinePServer.serve(export, on: socket, terms).report()
      case .frontEnd(let mounts):
        if case .failed(let error) = ObjectServer.serve(export, mounts: mounts, on: socket) {
          warn("a front end's connection failed: \(error)")
        }
      }
    } catch {
      warn("a client can't be served: \(error)")
    }
  }

  private static let count = Atomic<Int>(0)
  /// The most there may be at a time.
  static let most = 64

  /// Whether there may not be another.
  static var areTooMany: Bool { count.load(ordering: .relaxed) >= most }

  /// Warns of a client, but not again and again: clients come as often as they like.
  static func warn(_ message: @autoclosure () -> String) {
    let count = warnings.add(1, ordering: .relaxed).newValue
    if count <= mostWarnings { Log.write(.warning, message()) }
    if count == mostWarnings { Log.write(.warning, "further clients like these aren't told of") }
  }

  private static let warnings = Atomic<Int>(0)
  private static let mostWarnings = 100
}

extension NinePServer.Ending {
  /// Warns of a client that didn't just leave.
  func report() {
    switch self {
    case .closed, .cutShort, .lost: break
    case .nonsense(let type, let size):
      Visit.warn("a client doesn't speak 9P: message \(type) of \(size) bytes")
    case .failed(let error):
      Visit.warn("a connection failed: \(error)")
    }
  }
}
