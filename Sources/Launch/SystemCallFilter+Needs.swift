internal import Confinement

// What the parts of a server need of the kernel that every front end has; its own it declares itself.
extension SystemCallFilter.Needs {
  /// Accepting clients, and finding out who they are.
  static let acceptLoop: Self = [.connections, .peers, .timeouts]
  /// `Export`, with a thread for each client that may become the client's user.
  static let export: Self = [.objects, .threads, .identities, .users]
  /// `Monitor`, beside what the export needs.
  static let monitor: Self = [.packets, .socketPairs]
  /// `MonitoredExport`, and the worker's wait for clients.
  static let monitoredExport: Self = [.finding, .packets, .threads, .identities]
}
