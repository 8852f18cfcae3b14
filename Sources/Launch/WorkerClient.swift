internal import Export
internal import Linux
internal import MonitoredExport
internal import Serving
internal import SystemPackage

/// A client of the worker's, with all that it takes to serve it.
struct WorkerClient<Protocol: FrontEnd>: ~Copyable, Sendable {
  let frontEnd: Protocol
  let tree: ExportTree
  let handover: Handover
  let terms: ClientTerms

  /// Serves it on the calling thread until its connection ends.
  consuming func serve() {
    let name = handover.name
    let frontEnd = frontEnd
    let terms = terms
    let tree = tree
    let client = handover.client
    do throws(Errno) {
      let files = try MonitoredExport(
        tree, monitor: handover.monitor, looksItself: terms.authority == .trusted)
      name.report(frontEnd.serve(files, on: client, for: terms), of: frontEnd)
    } catch {
      ClientLog.write(.failed, "\(name.text) can't be served: \(error)")
    }
  }
}
