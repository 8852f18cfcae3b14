package import Linux

/// Where clients connect.
package enum Endpoint: Sendable {
  /// A Unix-domain socket of this name.
  case unix(HostPath)
  /// A TCP port at an address or a name of this host.
  case tcp(String, UInt16)
  /// A vsock port, for virtual machines or for the host of this one.
  case vsock(UInt32)
  /// An inherited socket, listening or connected.
  case descriptor(CInt)
  /// The socket that a service manager passes.
  case systemd

  /// Whether the kernel can't tell who connects, as far as that is known before there is a socket.
  package var hidesPeers: Bool {
    switch self {
    case .tcp, .vsock: true
    case .unix, .descriptor, .systemd: false
    }
  }

  /// The number of the inherited socket.
  package var inherited: CInt? {
    switch self {
    case .descriptor(let number): number
    case .systemd: Activation.firstSocket
    case .unix, .tcp, .vsock: nil
    }
  }
}
