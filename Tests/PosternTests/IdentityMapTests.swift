import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

/// `postern 9p --uid-map --gid-map`: whose the files are, here and there.
@Suite("Id maps of 9P", .serialized, .enabled(if: hasRoot(), "needs root"))
struct IdentityMapTests {
  private final class Served {
    let directory: TemporaryDirectory
    let output: Output
    let server: Spawned

    init(in parent: String, _ options: [String]) throws {
      output = try Output()
      directory = try TemporaryDirectory(in: parent)
      let path = directory.path + "/share"
      mkdir(path, 0o777)
      chown(path, 100_000, 100_000)
      server = try spawn(
        Programs.postern,
        ["9p", "-e", directory.path + "/share", "-l", "unix:\(directory.path)/s", "--uid-map", "0:100000:2000"]
          + ["--gid-map", "0:100000:2000"] + options, output: output)
      let output = output
      guard eventually({ output.text.contains("mount -t 9p") }) else { throw HarnessError("not ready: \(output.text)") }
    }

    var path: String { directory.path + "/share" }

    func client(user: UInt32) throws -> Client {
      let client = Client(try connected(directory.path + "/s"))
      try client.start(user: user)
      return client
    }

    /// Whose a file is on the host.
    func owner(_ name: String) -> [UInt32] {
      var status = stat()
      return lstat(path + "/" + name, &status) == 0 ? [status.st_uid, status.st_gid] : []
    }
  }

  /// Whose it is to the client.
  private func owner(_ client: Client, _ fid: UInt32) throws -> [UInt32?] {
    let status = try client.done(.status(fid))
    return [status.u32(25), status.u32(29)]
  }

  @Test("files are the mapped users', and other users' are nobody's", arguments: ["/tmp", "/dev/shm"], [true, false])
  func owners(parent: String, isSplit: Bool) throws {
    let served = try Served(in: parent, isSplit ? [] : ["--in-process"])
    #expect(served.output.text.contains("ids=idmapped-mount"), "\(served.output.text)")
    close(open(served.path + "/hosts", O_CREAT | O_WRONLY | O_CLOEXEC, 0o600))
    let root = try served.client(user: 0)
    try root.done(.makeDirectory(0, "roots"))
    #expect(served.owner("roots") == [100_000, 100_000])
    try root.done(.makeDirectory(0, "public"))
    try root.done(.walk(0, 1, "public"))
    try root.done(.change(1, 1, mode: 0o777))
    let user = try served.client(user: 1000)
    try user.done(.walk(0, 1, "public"))
    try user.done(.create(1, "file"))
    #expect(served.owner("public/file") == [101_000, 100_000])
    #expect(try owner(user, 1) == [1000, 0])
    try root.done(.walk(0, 2, "public", "file"))
    #expect(try owner(root, 2) == [1000, 0])
    try root.done(.change(2, 6, uid: 1999, gid: 7))
    #expect(served.owner("public/file") == [101_999, 100_007])
    // Who isn't in the map can't be, nor be made an owner.
    #expect(try root.failure(.change(2, 2, uid: 2000)) == EOVERFLOW)
    let other = try served.client(user: 2000)
    try other.done(.walk(0, 1, "public"))
    #expect(try other.failure(.makeDirectory(1, "made")) != 0)
    #expect(served.owner("public/made") == [])
    // What others of the host have in it is nobody's, root's not either.
    try root.done(.walk(0, 3, "hosts"))
    #expect(try owner(root, 3) == [65_534, 65_534])
    #expect(try root.failure(.open(3)) == EACCES)
    #expect(try root.failure(.change(3, 1, mode: 0o666)) == EOVERFLOW)
    #expect(try root.failure(.change(3, 2, uid: 0)) != 0)
    #expect(served.owner("hosts") == [0, 0])
    // It is a user namespace, where nobody makes devices.
    #expect(try root.failure(.makeNode(0, "device", mode: 0o60_666)) == EPERM)
    served.server.signal(SIGTERM)
    #expect(served.server.wait(seconds: 10) == 0)
  }

  @Test("it is left with less than root's capabilities, and the worker with none")
  func capabilities() throws {
    let served = try Served(in: "/tmp", [])
    _ = try served.client(user: 0)
    let status = try fields("/proc/\(served.server.identifier)/status")
    for set in ["CapEff", "CapPrm"] { #expect(status[set] == "00000000800000db", "\(set)") }
    for set in ["CapInh", "CapBnd", "CapAmb"] { #expect(status[set] == "0000000000000000", "\(set)") }
    let map = try text("/proc/\(served.server.identifier)/uid_map").split(separator: " ").map { String($0) }
    #expect(map == ["0", "0", "2000\n"])
    let worker = try #require(served.server.family.dropFirst().first)
    #expect(try fields("/proc/\(worker)/status")["CapPrm"] == "0000000000000000")
    // To the kernel each is a user that no account is; files the one with privilege uses as the map's first.
    let others = try #require(fields("/proc/\(worker)/status")["Uid"]).split(separator: " ").compactMap { UInt32($0) }
    #expect(Set(others).count == 1 && others[0] > 2_000_000_000)
    let users = try #require(status["Uid"]).split(separator: " ").compactMap { UInt32($0) }
    #expect(Set(users.prefix(3)).count == 1 && users[0] > 2_000_000_000 && users[0] != others[0])
    #expect(users.last == 0)
  }

  @Test("several exports have the same map, and who is squashed is the client's number")
  func squash() throws {
    let directory = try TemporaryDirectory()
    for name in ["one", "two"] {
      mkdir(directory.path + "/" + name, 0o777)
      chmod(directory.path + "/" + name, 0o777)
      // Nobody may write to what a user owns who isn't in the map.
      chown(directory.path + "/" + name, 3000, 4000)
    }
    let output = try Output()
    let server = try spawn(
      Programs.postern,
      ["9p", "-e", "one=\(directory.path)/one", "-e", "two=\(directory.path)/two", "-l", "unix:\(directory.path)/s"]
        + ["--uid-map", "5:3000:10", "--gid-map", "5:4000:10", "--squash", "7:8"], output: output)
    #expect(eventually { output.text.contains("aname=two") }, "\(output.text)")
    let client = Client(try connected(directory.path + "/s"))
    try client.agree()
    try client.done(.attach(1, tree: "two"))
    try client.done(.makeDirectory(1, "made"))
    var status = stat()
    #expect(stat(directory.path + "/two/made", &status) == 0)
    #expect([status.st_uid, status.st_gid] == [3002, 4003])
    server.signal(SIGTERM)
    #expect(server.wait(seconds: 10) == 0)
  }

  @Test(
    "paths are where the server was started, however it gets ready", arguments: [[], ["--uid-map", "0:100000:10"]])
  func relativePaths(options: [String]) throws {
    let directory = try TemporaryDirectory()
    for name in ["one", "two"] { mkdir(directory.path + "/" + name, 0o755) }
    let output = try Output()
    let server = try spawn(
      "/bin/sh",
      [
        "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", directory.path, Programs.postern, "9p", "-e", "one", "-e",
        "two",
      ]
        + ["-l", "unix:s"] + options, output: output)
    #expect(eventually { output.text.contains("aname=two") }, "\(output.text)")
    server.signal(SIGTERM)
    #expect(server.wait(seconds: 10) == 0, "\(output.text)")
  }

  @Test("nobody but root connects where the map hides who that is")
  func peers() throws {
    let directory = try TemporaryDirectory()
    let output = try Output()
    let process = try spawn(
      Programs.postern,
      ["9p", "-e", directory.path, "-l", "unix:\(directory.path)/s", "--uid-map", "0:1000:1", "--socket-mode", "666"],
      output: output)
    #expect(process.wait(seconds: 10) == 1)
    #expect(output.text.contains("--socket-mode 600"), "\(output.text)")
  }

  @Test(
    "what can't be mapped is told",
    arguments: [
      (["--uid-map", "0:1"], "--uid-map"), (["--gid-map", "0:1:0"], "--gid-map"),
      (["--uid-map", "-1:0:1"], "--uid-map"),
      (["--uid-map", "0:4294967295:1"], "--uid-map"),
      (["--uid-map", "0:1000:10", "--uid-map", "5:2000:1"], "has ids of an earlier one"),
      (["--uid-map", "0:1000:10", "--squash", "10:0"], "--squash 10:0 isn't in"),
      (["--uid-map", "0:1000:10", "--sandbox", "none"], "take the namespace sandbox, and there is none"),
    ])
  func refusals(options: [String], says: String) throws {
    let directory = try TemporaryDirectory()
    let output = try Output()
    let process = try spawn(
      Programs.postern, ["9p", "-e", directory.path, "-l", "unix:\(directory.path)/s"] + options, output: output)
    #expect(process.wait(seconds: 10) != 0)
    #expect(output.text.contains(says), "\(output.text)")
  }
}
