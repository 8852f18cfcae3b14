package import Confinement
package import Linux

/// A server to start, as values: what it exports, where its clients connect, as whom they act, and how it is confined.
package struct ServerDescription {
  /// At least one.
  package var exports: [ExportedDirectory]
  package var endpoint: Endpoint
  /// The mode of a Unix-domain socket's name.
  package var socketMode: UInt32 = 0o600
  /// The owner of that name; nil for the user who starts the server.
  package var socketOwner: Identity?
  package var isReadOnly = false
  /// Whether files may be given capabilities.
  package var allowsFileCapabilities = true

  /// Whether every client's claims about its users are trusted.
  package var trustsAll = false
  /// The identity that every request is done as.
  package var squash: Identity?
  /// Which of the host's users and groups the clients' are.
  package var map = IdentityMap()
  /// The most clients at a time; nil for as many as the limits allow, up to ``defaultClients``.
  package var mostClients: Int?

  /// Whether the server ends with its first client.
  package var endsWithClient = false

  package var split = Split.automatic
  package var sandbox = SandboxChoice.automatic
  package var filter = SystemCallFilter.Mode.kill

  /// Whether a worker speaks with clients.
  package enum Split: Sendable {
    /// For root in the namespace sandbox, and for nobody else.
    case automatic
    case always
    case never
  }

  package enum SandboxChoice: Sendable {
    /// The namespace sandbox, or none where it can't be had.
    case automatic
    case namespace
    case none
  }

  /// The most clients at a time, unless the description says another number.
  package static let defaultClients = 1024

  /// Said where nothing says as whom clients' requests are to be done.
  package static let unknownPeers =
    "TCP and vsock don't tell who connects: give --squash USER:GROUP, or --trust to let every client name any user."

  package init(exports: [ExportedDirectory], endpoint: Endpoint) {
    self.exports = exports
    self.endpoint = endpoint
  }

  /// Whether there is one export, which is the root directory of the sandbox. Several are directories there, each named by its
  /// index.
  var isSingle: Bool { exports.count == 1 }
}
