internal import Linux
internal import MonitorProtocol
internal import Serving
internal import SystemPackage
internal import Wire

/// A client that the monitor has accepted, and hands over to the worker: its socket, and a connection to the monitor's
/// thread for it.
struct Handover: ~Copyable {
  let authority: Authority
  let name: ClientName
  let client: Descriptor
  let monitor: Descriptor

  init(authority: Authority, name: ClientName, client: consuming Descriptor, monitor: consuming Descriptor) {
    self.authority = authority
    self.name = name
    self.client = client
    self.monitor = monitor
  }

  /// Sends it on a socket of packets.
  borrowing func send(on socket: borrowing Descriptor) throws(Errno) {
    var passed = PassedDescriptors()
    passed.append(client)
    passed.append(monitor)
    let (isTrusted, uid, gid): (Bool, UInt32, UInt32) =
      switch authority {
      case .trusted: (true, 0, 0)
      case .one(let identity): (false, identity.uid, identity.gid)
      }
    let peer = name.peer
    let text = peer.utf8.span
    let message = ClientIntroduction(
      isTrusted: isTrusted, uid: uid, gid: gid, number: name.number,
      peer: text.extracting(first: min(text.count, ClientIntroduction.largestPeer)))
    var bytes = Packet(repeating: 0)
    let end: Int
    do throws(Malformed) {
      var room = bytes.mutableSpan
      end = try message.encode(into: &room)
    } catch {
      throw .messageTooLong
    }
    try socket.sendPacket(bytes.span.extracting(first: end), with: passed)
  }

  /// Room for ``ClientIntroduction/largest`` bytes.
  private typealias Packet = InlineArray<97, UInt8>

  /// What was received.
  enum Received: ~Copyable {
    case handover(Handover)
    /// This process can have no more descriptors: the kernel has dropped the client's.
    case cut
    /// The other half has ended.
    case end
  }

  /// Waits for the next client.
  static func receive(from socket: borrowing Descriptor) -> Received {
    var bytes = Packet(repeating: 0)
    var passed = ReceivedDescriptors()
    while true {
      do throws(Errno) {
        var span = bytes.mutableSpan
        let count = try socket.receivePacket(into: &span, descriptors: &passed)
        guard let message = try? ClientIntroduction(bytes.span.extracting(first: count)) else { return .end }
        guard let client = passed.takeFirst(), let monitor = passed.takeFirst() else { return .cut }
        let peer = message.peer
        let name = ClientName(
          number: message.number, peer: String(decoding: peer.indices.map { peer[$0] }, as: UTF8.self))
        return .handover(Handover(authority: try Authority(message), name: name, client: client, monitor: monitor))
      } catch .interrupted {
        continue
      } catch {
        return .end
      }
    }
  }
}

extension Authority {
  fileprivate init(_ message: ClientIntroduction) throws(Errno) {
    self = message.isTrusted ? .trusted : .one(try Identity(uid: message.uid, gid: message.gid))
  }
}
