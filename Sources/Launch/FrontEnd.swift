package import Confinement
package import Export
package import Linux
package import MonitoredExport
package import Serving

/// A protocol that clients speak, as start-up needs to know it.
///
/// The two functions that serve a client do the same. They name the types of file system, so that the code of the request
/// path is compiled for each of them.
package protocol FrontEnd: Sendable {
  /// The protocol's name in log lines, such as `9P`.
  var name: String { get }
  /// Milliseconds that a client has to start its session, unless ``ClientTerms/mayAttachLate``.
  var attachTimeout: Int { get }
  /// Whether clients' memory is mapped, so that the address space can't be limited.
  var mapsGuestMemory: Bool { get }
  /// What serving takes of the kernel, beside what the file system needs that is served.
  var needs: SystemCallFilter.Needs { get }

  /// The line that says how a client gets at an export, such as a command to mount it.
  ///
  /// - Parameters:
  ///   - listener: where clients connect.
  ///   - export: the name of the export, where the client has to give it.
  /// - Returns: nil where there is nothing to say.
  func clientCommand(at listener: borrowing Listener, export: HostPath?) -> String?

  /// Serves a client on this thread until its connection ends, in the only process of the server.
  func serve(_ export: consuming Export, on socket: borrowing Descriptor, for client: ClientTerms) -> Ending

  /// Serves a client on this thread until its connection ends, in the worker of a split server.
  func serve(
    _ export: consuming MonitoredExport, on socket: borrowing Descriptor, for client: ClientTerms
  ) -> Ending
}

extension FrontEnd {
  package var mapsGuestMemory: Bool { false }
}
