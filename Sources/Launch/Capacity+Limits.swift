internal import Confinement
internal import Linux
internal import Serving
internal import SystemPackage

extension Capacity {
  /// The capacity for so many clients at a time; nil for ``ServerDescription/defaultClients``, or fewer where the process's
  /// limits don't allow as many.
  static func forClients(_ clients: Int?) throws(StartError) -> Capacity {
    let allowed = try attempt("can't read limits") { () throws(Errno) in
      Capacity.Allowed(
        descriptors: try Process.highest(.descriptors), addressSpace: try Process.highest(.addressSpace))
    }
    var count = clients ?? ServerDescription.defaultClients
    while true {
      do throws(Capacity.Shortage) {
        return try Capacity(clients: count, allowed: allowed)
      } catch {
        let has = "\(error.resource.name) is \(error.limit)"
        let remedy = error.resource.remedy
        guard error.clients > 0 else {
          throw StartError("\(has): the server needs at least \(error.needed) (\(remedy))")
        }
        if let clients {
          throw StartError(
            "\(has): --max-clients \(clients) needs \(error.needed) (\(remedy)); or say --max-clients \(error.clients)")
        }
        Log.write(.warning, "\(has): at most \(error.clients) clients are served at a time (\(remedy))")
        count = error.clients
      }
    }
  }
}

extension Capacity.Resource {
  fileprivate var name: String {
    switch self {
    case .descriptors: "RLIMIT_NOFILE"
    case .addressSpace: "RLIMIT_AS"
    }
  }

  /// What raises the limit.
  fileprivate var remedy: String {
    switch self {
    case .descriptors: "ulimit -n, LimitNOFILE="
    case .addressSpace: "ulimit -v, LimitAS="
    }
  }
}
