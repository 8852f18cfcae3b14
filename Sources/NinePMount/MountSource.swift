package import Linux

/// Where a 9P server is found, as seen from the guest.
package enum MountSource: Equatable, Sendable {
  /// A virtio-9p device with this mount tag.
  case virtio(HostPath)
  /// A vsock port of a machine; 2 is the host.
  case vsock(machine: UInt32, port: UInt32)
  /// A TCP port at an address, or at a name in `/etc/hosts`.
  case tcp(host: String, port: UInt16)
  /// A Unix-domain socket.
  case unix(HostPath)
  /// A virtio serial port of this name.
  case serial(HostPath)

  private static let forms = "virtio:TAG, vsock:[CID:]PORT, tcp:HOST:PORT, unix:PATH or port:NAME"

  /// Parses `KIND:REST`, or a mount tag without a colon, as `mount(8)` and `/etc/fstab` have it.
  package init(_ word: HostPath) throws(MountFailure) {
    let bytes = Array(word)
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
      guard !bytes.contains(UInt8(ascii: "/")) else { throw .misuse("say unix:\(word) for a socket of this name") }
      guard !bytes.isEmpty else { throw .misuse("say where the files come from: \(Self.forms)") }
      self = .virtio(word)
      return
    }
    let rest = Array(bytes[(colon + 1)...])
    switch String(decoding: bytes[..<colon], as: UTF8.self) {
    case "virtio":
      guard !rest.isEmpty else { throw .misuse("say virtio:TAG, the mount tag of the device") }
      self = .virtio(HostPath(lasting: rest.span))
    case "unix":
      guard !rest.isEmpty else { throw .misuse("say unix:PATH, the name of the server's socket") }
      self = .unix(HostPath(lasting: rest.span))
    case "port":
      guard !rest.isEmpty else { throw .misuse("say port:NAME, the name of the virtio serial port") }
      self = .serial(HostPath(lasting: rest.span))
    case "vsock": self = try Self.vsock(String(decoding: rest, as: UTF8.self))
    case "tcp": self = try Self.tcp(String(decoding: rest, as: UTF8.self))
    default:
      throw bytes.first == UInt8(ascii: "/")
        ? .misuse("say unix:\(word) for a socket of this name") : .misuse("the source is \(Self.forms), not \(word)")
    }
  }

  private static func vsock(_ text: String) throws(MountFailure) -> MountSource {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    // The largest number stands for any.
    guard let last = parts.last, parts.count <= 2, let port = UInt32(last), port != .max,
      let machine = parts.count == 2 ? UInt32(parts[0]) : 2, machine != .max
    else { throw .misuse("say vsock:PORT for the host, or vsock:CID:PORT, with numbers") }
    return .vsock(machine: machine, port: port)
  }

  private static func tcp(_ text: String) throws(MountFailure) -> MountSource {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
      throw .misuse("say tcp:HOST:PORT, with a port from 1 to 65535")
    }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
    } else if host.contains(":") {
      throw .misuse("an address of IPv6 goes in brackets: tcp:[::1]:5640")
    }
    guard !host.isEmpty else { throw .misuse("say tcp:HOST:PORT, with an address or a name in /etc/hosts") }
    return .tcp(host: host, port: port)
  }

  /// The kernel's client gets a connection as a descriptor, but finds a device by itself.
  var isDevice: Bool {
    if case .virtio = self { true } else { false }
  }

  /// The largest messages that the way carries well: a virtio-9p device takes 125 pages of 4096 bytes.
  var messageSize: Int {
    switch self {
    case .virtio: 512_000
    case .vsock, .tcp, .unix: 1_048_576
    case .serial: 262_144
    }
  }
}

extension Array<UInt8> {
  /// The bytes of a path.
  init(_ path: HostPath) { self = path.bytes.indices.map { path.bytes[$0] } }
}
