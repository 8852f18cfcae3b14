import CLinux
import Foundation
import HelperHarness
import Testing

/// `postern mount` in a guest, which has the program and nothing that it could need.
@Suite(
  "Privileged: mounting by postern mount",
  .serialized, .enabled(if: isWanted, "needs root: the server gives files any owner"))
struct PrivilegedMountTests {
  private static let groups = ["host", "contents", "users", "setgid", "left"]

  private func mounted(from share: String, _ source: String, in rig: Rig) throws {
    let console = try guestConsole(rig, "none:\(share)")
    let (checks, _) = GuestCheck.all(on: console)
    for check in checks {
      #expect(check.failure == nil, "in the guest: \(check.name): \(check.failure ?? "")")
    }
    let own = checks.count { $0.name.hasPrefix("mount: ") }
    #expect(own > 10)
    #expect(checks.count - own > 15)
    #expect(console.contains("guest-suite: \(checks.count - own) passed, 0 failed"), "\(console.suffix(2000))")
    #expect(console.contains("guest-mount: done"), "\(console.suffix(2000))")
    #expect(console.contains("mounted: \(source.hasPrefix("virtio:") ? "share" : source) /mnt 9p rw,"), "\(console)")
  }

  private func withMountRig(_ source: String, groups: [String] = Self.groups, _ body: (Rig) throws -> Void) throws {
    try withRig(.mount, checks: [source, "cache=none"] + groups, body)
  }

  @Test("over TCP", .timeLimit(.minutes(5)))
  func tcp() throws {
    // The guest is told the port when it is made.
    let port = try freePort()
    let source = "tcp:10.0.2.2:\(port)"
    try withMountRig(source) { rig in
      let server = try rig.startServer(["--listen", "tcp:127.0.0.1:\(port)", "--trust"])
      _ = try EndToEndTests.port(of: server)
      try mounted(from: "tcp=\(port)", source, in: rig)
      checkWhatIsLeft(in: rig.share.appendingPathComponent("left"))
      try expectEndBySignal(of: server)
    }
  }

  @Test("through a serial port", .timeLimit(.minutes(5)))
  func serialPort() throws {
    try withMountRig("port:share") { rig in
      let server = try rig.startServer(["--listen", "unix:\(rig.socket)", "--socket-mode", "666", "--trust"])
      let isReady = eventually { access(rig.socket, F_OK) == 0 }
      try #require(isReady, "no socket; the server says: \(server.tail)")
      try mounted(from: "serial=\(rig.socket)", "port:share", in: rig)
      checkWhatIsLeft(in: rig.share.appendingPathComponent("left"))
      try expectEndBySignal(of: server)
    }
  }

  @Test("from QEMU's own virtio-9p device", .timeLimit(.minutes(5)))
  func virtio() throws {
    // It makes no device files.
    try withMountRig("virtio:share", groups: ["contents", "directories", "links"]) { rig in
      try mounted(from: "local,path=\(rig.share.path),security_model=passthrough", "virtio:share", in: rig)
    }
  }

  @Test(
    "from postern's virtio-9p device", .timeLimit(.minutes(5)),
    .enabled(if: isNextQEMUWanted, noNextQEMU))
  func vhostUser() throws {
    try withMountRig("virtio:share") { rig in
      let server = try rig.startDeviceServer([])
      try mounted(from: "vhost-user=\(rig.socket)", "virtio:share", in: rig)
      checkWhatIsLeft(in: rig.share.appendingPathComponent("left"))
      try expectEnd(of: server)
    }
  }
}

/// A TCP port of the loopback address that nobody listens at.
private func freePort() throws -> UInt16 {
  let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
  defer { close(socket) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  var size = socklen_t(MemoryLayout<sockaddr_in>.size)
  let result = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
      bind(socket, general, size) == 0 ? getsockname(socket, general, &size) : -1
    }
  }
  guard result == 0 else { throw RigError("no free port: \(String(cString: strerror(errno)))") }
  return UInt16(bigEndian: address.sin_port)
}
