import Confinement

// What each part of a server needs of the kernel, by which a process's system-call filter is put together.
extension SystemCallFilter.Needs {
  /// Accepting clients, and finding out who they are.
  static let listener: Self = [.connections, .peers, .timeouts]
  /// `NinePServer`, beside what the file system needs that it serves.
  static let nineP: Self = [.timeouts, .contents, .threads, .identities]
  /// `Export`, with a thread for each client that may become the client's user.
  static let export: Self = [.objects, .threads, .identities, .users]
  /// `Monitor`, beside the export.
  static let monitor: Self = [.packets, .socketPairs]
  /// `MonitoredExport`, and the worker's wait for clients.
  static let monitored: Self = [.finding, .packets]
}
