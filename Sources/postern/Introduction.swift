import Linux
import NinePServer
import Serving
import SystemPackage

/// What the process that lets clients in tells the one that speaks with them: here is a client, and a helper for it.
struct Introduction: ~Copyable {
  let authority: Authority
  let name: ClientName
  let client: Descriptor
  let helper: Descriptor

  init(authority: Authority, name: ClientName, client: consuming Descriptor, helper: consuming Descriptor) {
    self.authority = authority
    self.name = name
    self.client = client
    self.helper = helper
  }

  /// Whether the client is believed, its user and group, and its number; then comes its name for the log.
  private static let fixedSize = 17
  /// An address of IPv6 in brackets and a port are less.
  private static let largestName = 80

  /// Sends it over a socket of packets.
  borrowing func send(on socket: borrowing Descriptor) throws(Errno) {
    var passed = PassedDescriptors()
    passed.append(client)
    passed.append(helper)
    let (believed, identity): (UInt8, Identity?) =
      switch authority {
      case .trusted: (1, nil)
      case .one(let identity): (0, identity)
      }
    var bytes: InlineArray<97, UInt8> = .init(repeating: 0)
    bytes[0] = believed
    Self.put(UInt64(identity?.uid ?? 0), 4, at: 1, into: &bytes)
    Self.put(UInt64(identity?.gid ?? 0), 4, at: 5, into: &bytes)
    Self.put(name.number, 8, at: 9, into: &bytes)
    var end = Self.fixedSize
    for byte in name.peer.utf8.prefix(Self.largestName) {
      bytes[end] = byte
      end += 1
    }
    try socket.sendPacket(bytes.span.extracting(first: end), with: passed)
  }

  /// What there may be instead of one.
  enum Received: ~Copyable {
    case introduction(Introduction)
    /// This process may have no more descriptors, so that the client's are gone.
    case cut
    /// There won't be another.
    case end
  }

  /// Waits for one.
  static func receive(from socket: borrowing Descriptor) -> Received {
    var bytes: InlineArray<97, UInt8> = .init(repeating: 0)
    var passed = ReceivedDescriptors()
    while true {
      do throws(Errno) {
        var span = bytes.mutableSpan
        let count = try socket.receivePacket(into: &span, descriptors: &passed)
        guard count >= fixedSize else { return .end }
        guard let client = passed.takeFirst(), let helper = passed.takeFirst() else { return .cut }
        let name = ClientName(
          number: number(8, at: 9, in: bytes),
          peer: String(decoding: (fixedSize..<count).map { bytes[$0] }, as: UTF8.self))
        return .introduction(Introduction(authority: try authority(bytes), name: name, client: client, helper: helper))
      } catch .interrupted {
        continue
      } catch {
        return .end
      }
    }
  }

  private static func authority(_ bytes: InlineArray<97, UInt8>) throws(Errno) -> Authority {
    guard bytes[0] == 0 else { return .trusted }
    return .one(
      try Identity(
        uid: UInt32(truncatingIfNeeded: number(4, at: 1, in: bytes)),
        gid: UInt32(truncatingIfNeeded: number(4, at: 5, in: bytes))))
  }

  private static func put(_ number: UInt64, _ size: Int, at start: Int, into bytes: inout InlineArray<97, UInt8>) {
    for index in 0..<size { bytes[start + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index)) }
  }

  private static func number(_ size: Int, at start: Int, in bytes: InlineArray<97, UInt8>) -> UInt64 {
    (0..<size).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
  }
}
