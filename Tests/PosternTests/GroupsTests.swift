import Glibc
import HelperHarness
import NinePHarness
import Testing

/// The groups of a user of the host who connects.
@Suite("Groups of a user", .serialized, .enabled(if: hasRoot(), "needs root"))
struct GroupsTests {
  private struct Rig {
    let directory: TemporaryDirectory
    let output: Output
    let server: Spawned

    init(_ options: [String]) throws {
      directory = try TemporaryDirectory()
      mkdir(directory.path + "/share", 0o755)
      for (name, mode) in [("allowed", 0o640), ("denied", 0o604), ("other", 0o640)] as [(String, mode_t)] {
        let path = directory.path + "/share/" + name
        close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600))
        chown(path, 0, name == "other" ? 2001 : 2000)
        chmod(path, mode)
      }
      mkdir(directory.path + "/share/team", 0o770)
      chown(directory.path + "/share/team", 0, 2000)
      chmod(directory.path + "/share/team", 0o770)
      output = try Output()
      server = try spawn(
        Programs.postern,
        ["9p", "--export", directory.path + "/share", "--listen", "unix:\(directory.path)/s", "--socket-mode", "666"]
          + options, output: output)
      for _ in 0..<2000 where !output.text.contains("mount -t 9p") { usleep(5000) }
      chmod(directory.path, 0o755)
    }

    /// The errors of opening the files, by a user with these groups.
    func errors(groups: [gid_t]) throws -> [CInt] {
      let client = Client(try connected(directory.path + "/s", as: 1000, groups: groups))
      try client.start(user: 1000)
      return try ["allowed", "denied", "other"].enumerated().map { index, name in
        try client.done(.walk(0, UInt32(index) + 1, name))
        return try client.failure(.open(UInt32(index) + 1))
      }
    }
  }

  @Test(
    "files that a group may read are readable, and those that keep it out aren't",
    arguments: [["--split"], ["--in-process"], ["--sandbox", "none"]])
  func permissions(options: [String]) throws {
    let rig = try Rig(options)
    #expect(try rig.errors(groups: []) == [EACCES, 0, EACCES])
    #expect(try rig.errors(groups: [2000]) == [0, EACCES, EACCES])
    #expect(try rig.errors(groups: [2001]) == [EACCES, 0, 0])
    // As many as there may be.
    #expect(try rig.errors(groups: (0..<65_535).map { 100_000 + $0 } + [2000]) == [0, EACCES, EACCES])
    // The next client has none of them.
    #expect(try rig.errors(groups: []) == [EACCES, 0, EACCES])
    let client = Client(try connected(rig.directory.path + "/s", as: 1000, groups: [2000]))
    try client.start()
    try client.done(.walk(0, 1, "team"))
    try client.done(.makeDirectory(1, "made"))
    var made = stat()
    #expect(lstat(rig.directory.path + "/share/team/made", &made) == 0)
    #expect([made.st_uid, made.st_gid] == [1000, 1000])
    rig.server.signal(SIGTERM)
    #expect(rig.server.wait(seconds: 10) == 0, "\(rig.output.text)")
  }

  @Test("a squashed user has no groups of the client's", arguments: [["--split"], ["--in-process"]])
  func squash(options: [String]) throws {
    let rig = try Rig(options + ["--squash", "1000:1000"])
    #expect(try rig.errors(groups: [2000]) == [EACCES, 0, EACCES])
  }
}
