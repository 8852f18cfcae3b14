internal import Linux
internal import Serving

/// A client, as log lines call it.
struct ClientName: Sendable {
  /// Its number, which no other client has had.
  let number: UInt64
  /// Its user or its address, as far as the kernel tells it.
  let peer: String
  private let began = MonotonicTime.now

  init(number: UInt64, peer: String) {
    self.number = number
    self.peer = peer
  }

  /// What a client is called beside its number.
  ///
  /// - Parameters:
  ///   - user: the user at the other end of a Unix-domain socket.
  ///   - address: the address of the socket's peer.
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

  /// Logs how its connection ended.
  ///
  /// - Parameters:
  ///   - ending: the end.
  ///   - frontEnd: the protocol that the client was served by.
  func report(_ ending: Ending, of frontEnd: some FrontEnd) {
    switch ending {
    case .closed: ClientLog.write(.left, "\(text) left after \(seconds) s")
    case .cutShort: ClientLog.write(.left, "\(text) left within a request after \(seconds) s")
    // The monitor has ended, or said why it serves this client no more.
    case .lost: break
    case .nonsense(let type, let size):
      ClientLog.write(.failed, "\(text) doesn't speak \(frontEnd.name): closed at message \(type) of \(size) bytes")
    case .violation(let reason): ClientLog.write(.failed, "\(text) is closed: \(reason)")
    case .notStarted:
      ClientLog.write(.failed, "\(text) hasn't attached within \(frontEnd.attachTimeout / 1000) s: closed")
    case .failed(let error): ClientLog.write(.failed, "\(text) can't be served any more: \(error)")
    }
  }

  private var seconds: UInt64 { (MonotonicTime.now - began) / 1_000_000_000 }
}
