import Confinement
import Export
import Launch
import Linux
import MonitoredExport
import NinePServer
import Serving

/// 9P2000.L, as start-up needs to know it.
struct NinePFrontEnd: FrontEnd {
  private let trees: Trees
  private let keepsToMount: Bool

  /// - Parameters:
  ///   - exports: the names of the exports.
  ///   - keepsToMount: whether what is mounted below an export is kept out.
  init(exports: [HostPath], keepsToMount: Bool) {
    let names = exports.map { name in name.bytes.indices.map { name.bytes[$0] } }
    trees = names.count == 1 ? .one(names[0]) : .several(names)
    self.keepsToMount = keepsToMount
  }

  var name: String { "9P" }

  var attachTimeout: Int { NinePServer.attachTimeout }

  var needs: SystemCallFilter.Needs { [.timeouts, .contents, .threads, .identities] }

  func serve(
    _ export: consuming Export, on socket: borrowing Descriptor, for client: ClientTerms
  ) -> Ending {
    NinePServer.serve(export, on: socket, terms: terms(client))
  }

  func serve(
    _ export: consuming MonitoredExport, on socket: borrowing Descriptor, for client: ClientTerms
  ) -> Ending {
    NinePServer.serve(export, on: socket, terms: terms(client))
  }

  func terms(_ client: ClientTerms) -> NinePServer.Terms {
    let shared = client.shared
    return NinePServer.Terms(
      authority: client.authority, accounts: shared.accounts, trees: trees, keepsToMount: keepsToMount,
      descriptors: shared.descriptors,
      memory: shared.memory, threads: shared.threads, locks: shared.locks,
      attachTimeout: client.mayAttachLate ? nil : NinePServer.attachTimeout)
  }

  func clientCommand(at listener: borrowing Listener, export: HostPath?) -> String? {
    if case .vsock(_, let port) = listener.address, !listener.isConnected {
      // Linux's client has no such transport: only this program connects it.
      let name = export.map { " --export \(ShellWord.quoted($0.bytes))" } ?? ""
      return "postern mount vsock:\(port) MOUNTPOINT\(name)"
    }
    var transport = "trans=fd,rfdno=N,wfdno=N"
    var device = "postern"
    switch listener.address {
    case .unix(let path?) where !listener.isConnected:
      transport = "trans=unix"
      device = ShellWord.quoted(path.bytes)
    case .internet(let host, let port) where !listener.isConnected:
      transport = "trans=tcp,port=\(port)"
      // These two are every address of this host, and none to connect to.
      device = host == "0.0.0.0" || host == "::" ? "HOST" : host
    default: break
    }
    var options = Array("\(transport),version=9p2000.L,msize=1048576".utf8)
    if let export { options += Array(",aname=".utf8) + export.bytes.indices.map { export.bytes[$0] } }
    return "mount -t 9p -o \(ShellWord.quoted(options.span)) \(device) MOUNTPOINT"
  }
}
