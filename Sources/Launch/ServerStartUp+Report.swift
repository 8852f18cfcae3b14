internal import Confinement
internal import Linux
internal import Serving

extension ServerStartUp {
  /// Logs how it serves, and warns of what is dangerous about that.
  borrowing func report() {
    var line = "serving \(server.exports.map(\.path.description).joined(separator: " ")) at \(listener.place)"
    line += ", sandbox=\(sandbox.name) seccomp=\(server.filter.name)"
    if isSplit { line += " split" }
    if server.isReadOnly { line += " readonly" }
    if isMapped {
      line += " ids=user-namespace"
    } else {
      switch identities {
      case .some(let identities) where identities.kind != .same: line += " ids=\(identities.name)"
      default: break
      }
    }
    if server.trustsAll { line += " trust" }
    if let squash = server.squash { line += " squash=\(squash.uid):\(squash.gid)" }
    if case .unix = server.endpoint { line += " mode=0\(String(server.socketMode, radix: 8))" }
    if let owner = server.socketOwner { line += " owner=\(owner.uid):\(owner.gid)" }
    Log.write(.notice, line)
    if let capacity {
      Log.write(
        .debug,
        "limits: \(capacity.clients) clients, \(capacity.descriptors) descriptors, \(capacity.addressSpace >> 20) MiB of "
          + "address space")
    }
    if server.trustsAll, own.uid == 0, !isMapped, listener.isOpenToAll {
      Log.write(
        .warning,
        "--trust at \(listener.place): every user of this host, and everybody else who reaches it, can connect and "
          + "act as root; a Unix socket with --socket-owner lets only one user in")
    }
    if let squash = server.squash, squash.uid == 0 {
      Log.write(.warning, "--squash \(squash.uid):\(squash.gid): whoever connects acts as root")
    }
    if let host = listener.publicHost {
      Log.write(
        .warning,
        "everybody who reaches \(host) can connect, and \(frontEnd.name) has no encryption: use a private network")
    }
  }
}
