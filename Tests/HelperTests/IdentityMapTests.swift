import Glibc
import HelperHarness
import Linux
import ProxyDriver
import ProxyProtocol
import Testing

/// Users and groups of the guest that are others of the host, seen from both sides.
@Suite(.serialized) struct IdentityMapTests {
  /// What the helper says of a file's owner.
  private func owner(_ path: String, _ connection: inout ProxyConnection) throws -> [UInt32] {
    let bytes = Array(path.utf8)
    guard case .payload = try connection.exchange(.status(path: bytes.span)) else { return [] }
    let status = try ProxyProtocol.FileStatus(connection.payload)
    return [status.uid, status.gid]
  }

  private func owner(onHost path: String) -> [UInt32] {
    var status = stat()
    return lstat(path, &status) == 0 ? [status.st_uid, status.st_gid] : []
  }

  private func create(
    _ path: String, _ uid: UInt32, _ gid: UInt32, _ connection: inout ProxyConnection
  ) throws -> (status: Int32, owner: [UInt32]) {
    let bytes = Array(path.utf8)
    switch try connection.exchange(.create(path: bytes.span, flags: O_CREAT | O_RDWR, mode: 0o644, uid: uid, gid: gid))
    {
    case .descriptor(let file):
      var status = stat()
      fstat(file.rawValue, &status)
      return (0, [status.st_uid, status.st_gid])
    case .status(let status): return (status, [])
    case .payload: return (1, [])
    }
  }

  private func changeOwner(_ path: String, _ uid: UInt32, _ gid: UInt32, _ connection: inout ProxyConnection) throws
    -> Int32
  {
    let bytes = Array(path.utf8)
    guard case .status(let status) = try connection.exchange(.changeOwner(path: bytes.span, uid: uid, gid: gid)) else {
      return 1
    }
    return status
  }

  private static let maps = ["--uid-map", "0:100000:1000", "--uid-map", "5000:300000:10", "--gid-map", "0:120000:6000"]

  /// Where the mount translates, whoever looks through it sees the guest's ids.
  @Test(
    .enabled(if: hasRoot(), "needs root: maps any ids"),
    arguments: [
      ("namespace", "/tmp", "idmapped-mount"), ("namespace", "/dev/shm", "idmapped-mount"),
      ("chroot", "/tmp", "user-namespace"), ("none", "/tmp", "user-namespace"),
    ])
  func rootMapsAnyIds(sandbox: String, parent: String, kind: String) throws {
    let directory = try TemporaryDirectory(in: parent)
    chown(directory.path, 100_000, 120_000)
    let foreign = directory.path + "/foreign"
    close(creat(foreign, 0o600))
    let output = try Output()
    var helper = try RunningHelper(serving: directory.path, ["--sandbox", sandbox] + Self.maps, output: output)
    var connection = try helper.connect()
    #expect(try owner("/", &connection) == [0, 0])
    #expect(output.text.contains("ids=\(kind)"), "\(output.text)")

    for (guest, host) in [
      ([0, 0], [100_000, 120_000]), ([5, 7], [100_005, 120_007]), ([5009, 5999], [300_009, 125_999]),
    ]
      as [([UInt32], [UInt32])]
    {
      let name = "/file\(guest[0])"
      let made = try create(name, guest[0], guest[1], &connection)
      #expect(made.status == 0)
      #expect(made.owner == (kind == "idmapped-mount" ? guest : host), "of the descriptor")
      #expect(try owner(name, &connection) == guest)
      #expect(owner(onHost: directory.path + name) == host)
    }
    // Outside of the map there is nobody, and nothing is done in another's name.
    for (uid, gid) in [(1000, 0), (4999, 0), (5010, 0), (0, 6000), (100_000, 0), (.max - 1, 0)] as [(UInt32, UInt32)] {
      #expect(try create("/nobody", uid, gid, &connection).status == -EOVERFLOW, "\(uid):\(gid)")
      #expect(try changeOwner("/file0", uid, gid, &connection) == -EOVERFLOW, "\(uid):\(gid)")
    }
    #expect(access(directory.path + "/nobody", F_OK) != 0)
    #expect(owner(onHost: directory.path + "/file0") == [100_000, 120_000])
    #expect(try changeOwner("/file0", 9, .max, &connection) == 0)
    #expect(owner(onHost: directory.path + "/file0") == [100_009, 120_000])

    // A file of the host's root is nobody's to the guest's.
    #expect(try owner("/foreign", &connection) == [65_534, 65_534])
    let path = Array("/foreign".utf8)
    guard case .status(-EACCES) = try connection.exchange(.open(path: path.span, flags: O_RDONLY)) else {
      Issue.record("a file of the host's root was opened")
      return
    }
    #expect(try changeOwner("/foreign", 0, 0, &connection) < 0)
    #expect(owner(onHost: foreign) == [0, 0])
  }

  /// If the file system can't translate, as proc can't, a user namespace does, and the log says so.
  @Test(.enabled(if: hasRoot(), "needs root: maps any ids"))
  func whereTheMountCannotTranslateANamespaceDoes() throws {
    let output = try Output()
    var helper = try RunningHelper(serving: "/proc", Self.maps, output: output)
    var connection = try helper.connect()
    #expect(try owner("/version", &connection) == [65_534, 65_534])
    #expect(output.text.contains("no idmapped mount (map the ids of the export's mount: "), "\(output.text)")
    #expect(output.text.contains("ids=user-namespace"), "\(output.text)")
  }

  @Test(arguments: Start.rootless)
  func anOrdinaryUserIsTheGuestsRoot(start: Start) throws {
    let directory = try TemporaryDirectory()
    try start.own(directory.path)
    let output = try Output()
    // Who runs the tests as an ordinary user may have subordinate ids, so those are left out by a map.
    let own = ["--uid-map", "0:\(start.user):1", "--gid-map", "0:\(start.group):1"]
    var helper = try RunningHelper(start, serving: directory.path, own, output: output)
    var connection = try helper.connect()
    let made = try create("/file", 0, 0, &connection)
    #expect(made.status == 0)
    #expect(made.owner == [start.user, start.group])
    #expect(try owner("/file", &connection) == [0, 0])
    for (uid, gid) in [(1, 0), (0, 1), (start.user, 0)] as [(UInt32, UInt32)] {
      #expect(try create("/nobody", uid, gid, &connection).status == -EOVERFLOW)
      #expect(try changeOwner("/file", uid, gid, &connection) == -EOVERFLOW)
    }
    #expect(owner(onHost: directory.path + "/file") == [start.user, start.group])
    #expect(output.text.contains("rootless=yes ids=user-namespace"), "\(output.text)")
    #expect(output.text.contains("sandbox=\(start.sandbox)"))
  }

  @Test(.enabled(if: hasRoot(), "needs root: grants subordinate ids"), arguments: Start.rootless)
  func subordinateIdsAreTheGuestsOtherUsers(start: Start) throws {
    let directory = try TemporaryDirectory()
    try start.own(directory.path)
    let output = try Output()
    var helper = try RunningHelper(
      start, serving: directory.path, subordinates: try Subordinates(), output: output)
    var connection = try helper.connect()
    for guest in [0, 1, 1000, Subordinates.count] {
      // The directory is the guest's root's; the protocol lets others in.
      let name = "/file\(guest)"
      #expect(try create(name, guest, guest, &connection).status == 0)
      #expect(try owner(name, &connection) == [guest, guest])
      #expect(owner(onHost: directory.path + name) == [start.host(guest), start.host(guest)])
    }
    #expect(try create("/nobody", Subordinates.count + 1, 0, &connection).status == -EOVERFLOW)
    #expect(!output.text.contains("groups=kept"), "\(output.text)")
  }

  /// What an ordinary user isn't granted can't be mapped, and nothing is served.
  @Test(.enabled(if: hasRoot(), "needs root: grants subordinate ids"))
  func idsThatAreNotGrantedAreRefused() throws {
    let directory = try TemporaryDirectory()
    let start = Start(sandbox: "namespace", isRootless: true)
    for map in ["0:0:1", "0:\(Subordinates.first - 1):1", "0:\(Subordinates.first):\(Subordinates.count + 1)"] {
      let output = try Output()
      let helper = try RunningHelper(
        start, serving: directory.path, ["--uid-map", map], subordinates: try Subordinates(), output: output)
      #expect(helper.process.wait(seconds: 5) == 1)
      #expect(output.text.contains("can't map users"), "\(output.text)")
    }
  }

  /// As Incus and LXD start it: in a user namespace that they made, with a connected descriptor.
  @Test(.enabled(if: hasRoot(), "needs root: makes a namespace with many ids"), arguments: ["namespace", "chroot"])
  func aNamespaceThatTheLauncherMadeWillDo(sandbox: String) throws {
    let directory = try TemporaryDirectory()
    chown(directory.path, 100_000, 100_000)
    let ready = try socketPair()
    let pair = try socketPair()
    let output = try Output()
    // It says that it is there, waits until it has its ids, and becomes their root.
    let wait = "echo >&4; read go <&4; exec setpriv --reuid=0 --regid=0 --keep-groups \"$@\""
    let process = try spawn(
      "/usr/bin/unshare",
      [
        "--user", "--keep-caps", "/bin/sh", "-c", wait, "sh", Programs.helper, "-n", "-p", directory.path, "-f", "3",
        "--sandbox",
        sandbox,
      ],
      inheriting: [(pair.theirs, 3), (ready.theirs, 4)], output: output)
    close(pair.theirs)
    close(ready.theirs)
    defer { close(ready.ours) }
    var byte: UInt8 = 0
    try #require(read(ready.ours, &byte, 1) == 1)
    for (file, text) in [("setgroups", "deny"), ("uid_map", "0 100000 65536"), ("gid_map", "0 100000 65536")] {
      let map = open("/proc/\(process.identifier)/\(file)", O_WRONLY | O_CLOEXEC)
      defer { close(map) }
      try #require(write(map, text, text.utf8.count) == text.utf8.count, "\(file): errno \(errno)")
    }
    try #require(write(ready.ours, "\n", 1) == 1)
    do {
      var connection = ProxyConnection(adopting: Descriptor(adopting: pair.ours))
      for guest in [0, 1000, 65_535] as [UInt32] {
        let name = "/file\(guest)"
        #expect(try create(name, guest, guest, &connection).status == 0)
        #expect(try owner(name, &connection) == [guest, guest])
        #expect(owner(onHost: directory.path + name) == [100_000 + guest, 100_000 + guest])
      }
      #expect(try create("/nobody", 65_536, 0, &connection).status == -EOVERFLOW)
    }
    #expect(process.wait(seconds: 5) == 0)
    #expect(output.text.contains("sandbox=\(sandbox)"), "\(output.text)")
    #expect(output.text.contains("rootless=yes ids=same"), "\(output.text)")
  }
}
