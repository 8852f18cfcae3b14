import Foundation
import HelperHarness
import Testing

/// Who serves the share that the POSIX suite runs on.
enum PosixServer: String, CaseIterable, CustomTestStringConvertible {
  case helper = "virtfs-proxy-helper"
  case ninep = "postern 9p --in-process"
  case ninepSplit = "postern 9p --split"
  case virtio = "postern 9p --in-process, virtio-9p over vhost-user"
  case virtioSplit = "postern 9p --split, virtio-9p over vhost-user"
  case original = "QEMU's own helper"
  case passthrough = "QEMU itself, as root (security_model=passthrough)"
  case mapped = "QEMU itself, as nobody (security_model=mapped-xattr)"

  var testDescription: String { rawValue }

  /// Our 9P server, which the guest's client speaks with itself.
  static let ninePs: Set<PosixServer> = [.ninep, .ninepSplit, .virtio, .virtioSplit]
  /// Behind a virtio-9p device of a QEMU that this machine may lack.
  static let devices: Set<PosixServer> = [.virtio, .virtioSplit]
  /// Behind QEMU's 9p server, whichever of its drivers is.
  static let qemu: Set<PosixServer> = [.helper, .original, .passthrough, .mapped]
  /// Behind its proxy driver.
  static let proxy: Set<PosixServer> = [.helper, .original]
  /// Behind its local driver.
  static let local: Set<PosixServer> = [.passthrough, .mapped]
  static let all = Set(allCases)

  /// Boots a guest that runs the suite on what this serves, with no cache of the guest's.
  func seeGuest(_ rig: Rig) throws -> [GuestCheck] {
    let share = rig.share.path
    switch self {
    case .helper, .original:
      let program = self == .helper ? Rig.helper : Programs.stockHelper
      let server = try Logged(
        program, ["-n", "-p", share, "-s", rig.socket, "-u", "\(Rig.user)", "-g", "\(Rig.user)"])
      let isReady = eventually { access(rig.socket, F_OK) == 0 }
      try #require(isReady, "no socket; the helper says: \(server.tail)")
      let checks = try EndToEndTests.seeGuest(rig, "socket=\(rig.socket)")
      if self == .helper { try expectEnd(of: server) } else { _ = try server.status(within: 10) }
      return checks
    case .ninep, .ninepSplit:
      let way = self == .ninep ? "--in-process" : "--split"
      let server = try rig.startServer(["--listen", "tcp:127.0.0.1:0", "--trust", way])
      let checks = try EndToEndTests.seeGuest(rig, "tcp=\(try port(of: server))", options: "cache=none")
      try expectEndBySignal(of: server)
      return checks
    case .virtio, .virtioSplit:
      let server = try rig.startDeviceServer([self == .virtio ? "--in-process" : "--split"])
      let checks = try EndToEndTests.seeGuest(rig, "vhost-user=\(rig.socket)", options: "cache=none")
      try expectEnd(of: server)
      return checks
    case .passthrough:
      return try EndToEndTests.seeGuest(rig, "local,path=\(share),security_model=passthrough")
    case .mapped:
      try #require(chown(share, Rig.user, Rig.user) == 0)
      return try EndToEndTests.seeGuest(rig, "local,path=\(share),security_model=mapped-xattr")
    }
  }
}
