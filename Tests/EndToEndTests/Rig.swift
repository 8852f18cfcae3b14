import CLinux
import Foundation
import HelperHarness

/// A temporary directory with a share in it, and what is needed to serve that share to a guest.
struct Rig {
  /// The user that QEMU runs as: nobody.
  static let user: uid_t = 65_534

  let directory: URL
  private let program: GuestProgram
  var share: URL { directory.appendingPathComponent("share") }
  var socket: String { directory.appendingPathComponent("socket").path }

  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// A path from the environment, or else one beneath the package.
  private static func path(_ variable: String, _ usual: String) -> String {
    ProcessInfo.processInfo.environment[variable] ?? root.appendingPathComponent(usual).path
  }

  static let helper = path("POSTERN_HELPER", ".build/dist/virtfs-proxy-helper")
  static let server = path("POSTERN_SERVER", ".build/dist/postern")
  static let posixSuite = path("POSTERN_POSIX_SUITE", ".build/dist-tests/posix-suite")
  /// A QEMU with `vhost-user-test-device-pci`, by a path that nobody can go as well.
  static let nextQEMU = URL(fileURLWithPath: path("POSTERN_QEMU", ".build/qemu-next")).resolvingSymlinksInPath().path
  static let hasNextQEMU = access(nextQEMU, X_OK) == 0
  private static let guest = path("POSTERN_GUEST", ".build/guest")
  /// The archive of the programs that the workloads are.
  private static let workloads = path("POSTERN_GUEST_WORKLOADS", ".build/guest/workloads.cpio")

  /// What the guest runs.
  enum GuestProgram: String, CaseIterable {
    case guestSuite = "guest-suite"
    case posixSuite = "posix-suite"
    case workloads = "guest-workloads"
    case vsock = "guest-vsock"
    case life = "guest-life"
    case mount = "guest-mount"

    fileprivate var path: String {
      switch self {
      case .guestSuite: Rig.path("POSTERN_GUEST_SUITE", ".build/dist-tests/guest-suite")
      case .posixSuite: Rig.posixSuite
      case .workloads: Rig.path("POSTERN_GUEST_WORKLOADS_SCRIPT", "Tests/guest-workloads/guest-workloads")
      case .vsock: Rig.path("POSTERN_GUEST_VSOCK_SCRIPT", "Tests/guest-vsock/guest-vsock")
      case .life: Rig.path("POSTERN_GUEST_LIFE_SCRIPT", "Tests/guest-life/guest-life")
      case .mount: Rig.path("POSTERN_GUEST_MOUNT_SCRIPT", "Tests/guest-mount/guest-mount")
      }
    }

    /// The programs that it starts.
    fileprivate var others: [String] {
      switch self {
      case .vsock, .mount: [Rig.server, Self.guestSuite.path]
      case .life: [Self.guestSuite.path]
      case .guestSuite, .posixSuite, .workloads: []
      }
    }

    /// The archive that it takes beyond itself.
    fileprivate var archive: String? { self == .workloads ? Rig.workloads : nil }
  }

  /// Makes the share and the guest's part.
  ///
  /// The share has the files that the guest's checks expect of the host, which only root can make, or else it is that of
  /// an ordinary user who serves it.
  init(_ program: GuestProgram = .guestSuite, checks: [String], rootless: Start? = nil) throws {
    self.program = program
    let needed =
      [Self.helper, Self.server, program.path, Self.guest + "/kernel"] + program.others
      + (program.archive.map { [$0] } ?? [])
    for path in needed where access(path, R_OK) != 0 {
      throw RigError("\(path) is missing; script/test makes it")
    }
    var template = Array("/var/tmp/postern-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw RigError("mkdtemp: \(String(cString: strerror(errno)))") }
    directory = URL(fileURLWithPath: String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    // QEMU has to find the socket, and nothing else.
    chmod(directory.path, 0o711)
    if let rootless {
      try FileManager.default.createDirectory(at: share, withIntermediateDirectories: true)
      // Where its socket will be, too.
      try rootless.own(directory.path)
    } else if program != .vsock, program != .life {
      // The one serves what is its own, and the other needs nothing.
      try makeShare()
    } else {
      try FileManager.default.createDirectory(at: share, withIntermediateDirectories: true)
    }
    try makeGuest(program, checks)
  }

  func remove() {
    // Not FileManager: paths may be longer than it can name.
    removeTree(directory.path)
  }

  private func makeShare() throws {
    let host = share.appendingPathComponent("host")
    try FileManager.default.createDirectory(at: host, withIntermediateDirectories: true)
    func path(_ name: String) -> String { host.appendingPathComponent(name).path }

    try Data("from the host\n".utf8).write(to: host.appendingPathComponent("file"))
    let times = [timespec(tv_sec: 1_000_000_000, tv_nsec: 0), timespec(tv_sec: 1_234_567_890, tv_nsec: 123_456_789)]
    let results = [
      chmod(share.path, 0o755),
      chmod(host.path, 0o755),
      chmod(path("file"), 0o640),
      chown(path("file"), 1234, 4321),
      setxattr(path("file"), "user.host", "value", 5, 0),
      utimensat(AT_FDCWD, path("file"), times, 0),
      link(path("file"), path("hard")),
      mkfifo(path("fifo"), 0o600),
      symlink("/etc/passwd", path("absolute")),
      mkdir(path("directory"), 0o755),
      chmod(path("directory"), 0o1777),
    ]
    if let failed = results.firstIndex(of: -1) { throw RigError("the share can't be prepared: step \(failed)") }
  }

  private func makeGuest(_ program: GuestProgram, _ checks: [String]) throws {
    let content = directory.appendingPathComponent("content")
    try FileManager.default.createDirectory(at: content, withIntermediateDirectories: true)
    for path in [program.path] + program.others {
      let source = URL(fileURLWithPath: path)
      try FileManager.default.copyItem(at: source, to: content.appendingPathComponent(source.lastPathComponent))
    }
    let main = "#!/bin/busybox sh\n/\(program.rawValue) /mnt \(checks.joined(separator: " "))\n"
    try Data(main.utf8).write(to: content.appendingPathComponent("guest-main"))
    chmod(content.appendingPathComponent("guest-main").path, 0o755)
  }

  /// Starts the helper.
  func startHelper(_ arguments: [String], descriptors: [(there: CInt, here: CInt)] = []) throws -> Logged {
    try Logged(Self.helper, ["-p", share.path] + arguments, descriptors: descriptors)
  }

  /// Starts the helper as an ordinary user, who grants the guest these ids.
  func startHelper(_ start: Start, _ subordinates: Subordinates?, _ arguments: [String]) throws -> Logged {
    let (program, words) = start.command(subordinates)
    return try Logged(
      program, words + ["-p", share.path] + arguments,
      descriptors: [(there: Start.helperNumber, here: Start.helper)])
  }

  /// Starts the 9P server.
  func startServer(_ arguments: [String]) throws -> Logged {
    try Logged(Self.server, ["9p", "--export", share.path] + arguments)
  }

  /// Starts the 9P server of a virtio-9p device, for a VMM of ``user``, and waits until it can connect.
  func startDeviceServer(_ arguments: [String]) throws -> Logged {
    let server = try startServer(
      ["--listen", "vhost-user:\(socket)", "--tag", "share", "--socket-owner", "\(Self.user):\(Self.user)"] + arguments)
    guard eventually({ server.output.contains("MOUNTPOINT") }) else {
      throw RigError("the server isn't ready; it says: \(server.tail)")
    }
    return server
  }

  /// Boots the guest in stock QEMU, which runs as ``user``. `share` and `options` are script/guest-run's.
  ///
  /// `monitor` is the number that QEMU's monitor has among the descriptors.
  func startGuest(
    _ share: String, options: String = "", descriptors: [(there: CInt, here: CInt)] = [], monitor: CInt? = nil
  ) throws -> Logged {
    var environment = ["POSTERN_GUEST": Self.guest]
    if share.contains("vhost-user=") {
      guard Self.hasNextQEMU else { throw RigError("\(Self.nextQEMU) is missing; script/qemu-next makes it") }
      environment["POSTERN_QEMU"] = Self.nextQEMU
    }
    if let monitor { environment["POSTERN_QMP"] = "\(monitor)" }
    return try Logged(
      Self.root.appendingPathComponent("script/guest-run").path,
      [directory.appendingPathComponent("content").path, share, options, program.archive ?? ""],
      environment: environment, descriptors: descriptors)
  }
}

/// One check of a suite, from its line on the console.
struct GuestCheck {
  let name: String
  /// What was expected and seen, where the check failed.
  let failure: String?

  /// The checks that a console tells of, and the sum that the guest's program ended with.
  static func all(on console: String) -> (checks: [GuestCheck], sum: String?) {
    var checks: [GuestCheck] = []
    var sum: String?
    for line in console.split(whereSeparator: \.isNewline) {
      if line.hasPrefix("ok ") {
        checks.append(GuestCheck(name: String(line.dropFirst(3)), failure: nil))
      } else if line.hasPrefix("not ok ") {
        let parts = line.dropFirst(7).split(separator: ": ", maxSplits: 2, omittingEmptySubsequences: false)
        checks.append(
          GuestCheck(name: parts.prefix(2).joined(separator: ": "), failure: parts.count > 2 ? String(parts[2]) : "?"))
      } else if let program = Rig.GuestProgram.allCases.first(where: { line.hasPrefix("\($0.rawValue): ") }) {
        sum = String(line.dropFirst(program.rawValue.count + 2))
      }
    }
    return (checks, sum)
  }
}
