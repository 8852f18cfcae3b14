import Confinement
import Linux
import NinePServer
import Serving
import Synchronization

/// Log lines about clients: of each kind so many that no client can flood the log.
enum ClientLog {
  enum Kind: Int {
    case connected, left
    /// One who isn't let in.
    case refused
    /// One whose connection has ended otherwise than by its leaving.
    case failed

    fileprivate var level: Log.Level {
      switch self {
      case .connected, .left: .info
      case .refused, .failed: .warning
      }
    }
  }

  /// Writes a line, unless there were too many of the kind.
  static func write(_ kind: Kind, _ message: @autoclosure () -> String) {
    let now = MonotonicTime.now
    guard let suppressed = limits.withLock({ limits in limits[kind.rawValue].admit(at: now) }) else { return }
    Log.write(kind.level, message() + (suppressed == 0 ? "" : " (\(suppressed) lines like this were suppressed)"))
  }

  private static let limits = Mutex<InlineArray<4, LogLimit>>(.init(repeating: LogLimit()))
}

/// A client, as log lines call it.
struct ClientName: Sendable {
  /// Its number, which no other has had.
  let number: UInt64
  /// Who or where it is, as far as that is known.
  let peer: String
  private let began = MonotonicTime.now

  init(number: UInt64, peer: String) {
    self.number = number
    self.peer = peer
  }

  /// What a client is called beside its number.
  ///
  /// - Parameters:
  ///   - user: who is at the other end of a Unix-domain socket.
  ///   - address: where the socket's peer is.
  /// - Returns: a few words.
  static func peer(user: UInt32?, at address: SocketAddress) -> String {
    if let user { return "user \(user)" }
    return switch address {
    case .internet(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .vsock(let machine, let port): "vsock \(machine):\(port)"
    case .unix, .other: "an inherited socket"
    }
  }

  var text: String { "client \(number) (\(peer))" }

  /// Says how its connection has ended.
  func report(_ ending: Ending) {
    switch ending {
    case .closed: ClientLog.write(.left, "\(text) left after \(seconds) s")
    case .cutShort: ClientLog.write(.left, "\(text) left within a request after \(seconds) s")
    // The monitor has ended, or said why it serves this client no more.
    case .lost: break
    case .nonsense(let type, let size):
      ClientLog.write(.failed, "\(text) doesn't speak 9P: closed at message \(type) of \(size) bytes")
    case .notStarted:
      ClientLog.write(.failed, "\(text) hasn't attached within \(NinePServer.attachTimeout / 1000) s: closed")
    case .failed(let error): ClientLog.write(.failed, "\(text) can't be served any more: \(error)")
    }
  }

  private var seconds: UInt64 { (MonotonicTime.now - began) / 1_000_000_000 }
}
