import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

/// `postern 9p` with several exports: what a client reaches by which name, and that nothing leads from one to the other.
@Suite("Several exports", .serialized)
struct SeveralExportsTests {
  /// How a server is started.
  enum Way: CaseIterable {
    case byDefault, inProcess, squashed, readOnly

    var options: [String] {
      switch self {
      case .byDefault: []
      case .inProcess: ["--in-process"]
      case .squashed: ["--squash", "\(geteuid()):\(getegid())"]
      case .readOnly: ["--readonly"]
      }
    }
  }

  /// A server of `one`, by its path, and of `two`, which is called so; of `two/inner` besides, and once more of `one`.
  private final class Served {
    let directory: TemporaryDirectory
    let output: Output
    let server: Spawned

    init(_ options: [String]) throws {
      directory = try TemporaryDirectory()
      output = try Output()
      for name in ["one", "one/sub", "two", "two/inner"] { mkdir(directory.path + "/" + name, 0o755) }
      for name in ["one/first", "one/sub/deep", "two/second", "two/inner/third"] {
        close(open(directory.path + "/" + name, O_CREAT | O_WRONLY | O_CLOEXEC, 0o644))
      }
      let path = directory.path
      server = try spawn(
        Programs.postern,
        [
          "9p", "--export", path + "/one", "-e", "two=\(path)/two", "-e", "inner=\(path)/two/inner", "-e",
          "again=\(path)/one", "--listen", "unix:\(path)/s",
        ] + options, output: output)
      let output = output
      guard eventually({ output.text.contains("aname=again") }) else { throw HarnessError("not ready: \(output.text)") }
    }

    func client() throws -> Client {
      let client = Client(try connected(directory.path + "/s"))
      try client.agree()
      return client
    }
  }

  private func names(_ client: Client, _ fid: UInt32, _ name: String...) throws -> [String: UInt64] {
    try client.done(.walk(fid, 99, name))
    try client.done(.open(99))
    let entries = try client.done(.list(99)).entries
    try client.done(.clunk(99))
    return Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.path) })
  }

  private func inode(_ client: Client, _ fid: UInt32) throws -> UInt64 {
    try #require(try client.done(.status(fid)).u64(13))
  }

  @Test("a directory that the host moves out of one, or to another, has nothing above it", arguments: Way.allCases)
  func moved(way: Way) throws {
    let served = try Served(way.options)
    let client = try served.client()
    try client.done(.attach(1, tree: served.directory.path + "/one"))
    try client.done(.walk(1, 5, "sub"))
    let inside = served.directory.path + "/one/sub"
    for place in ["/two/sub", "/sub"] {
      #expect(rename(inside, served.directory.path + place) == 0)
      #expect(try client.failure(.walk(5, 6, "..")) == ENOENT)
      #expect(try client.done(.walk(5, 6, ".", "..", "two")).u16(0) == 1)
      #expect(try names(client, 5)[".."] == inode(client, 5))
      #expect(rename(served.directory.path + place, inside) == 0)
    }
    try client.done(.walk(5, 6, "..", ".."))
    #expect(try inode(client, 6) == inode(client, 1))
  }

  @Test("each goes by its name, and no further than its root", arguments: Way.allCases)
  func names(way: Way) throws {
    let served = try Served(way.options)
    let path = served.directory.path
    for name in ["\(path)/one", "two", "inner", "again"] {
      #expect(served.output.text.contains(",aname=\(name) \(path)/s MOUNTPOINT\n"), "\(served.output.text)")
    }
    let client = try served.client()
    for name in ["", "0", "1", "\(path)/two", "tw", "two/", "two\u{0}", "nothing", ".."] {
      #expect(try client.failure(.attach(9, tree: name)) == ENOENT, "\(name)")
    }
    try client.done(.attach(1, tree: path + "/one"))
    try client.done(.attach(2, tree: "two"))
    try client.done(.attach(3, tree: "inner"))
    #expect(try names(client, 1).keys.sorted() == [".", "..", "first", "sub"])
    #expect(try names(client, 2).keys.sorted() == [".", "..", "inner", "second"])
    #expect(try names(client, 3).keys.sorted() == [".", "..", "third"])
    // Upwards there is nothing, however one gets there; a directory that is a root as well has its parent where it has one.
    for fid: UInt32 in [1, 2, 3] {
      let own = try inode(client, fid)
      let entries = try names(client, fid)
      #expect(entries["."] == own && entries[".."] == own)
      for steps in [[".."], ["..", ".."]] {
        try client.done(.walk(fid, 10, steps))
        #expect(try inode(client, 10) == own)
        try client.done(.clunk(10))
      }
    }
    for (fid, name): (UInt32, String) in [(1, "sub"), (2, "inner")] {
      try client.done(.walk(fid, 10, name, ".."))
      #expect(try inode(client, 10) == inode(client, fid))
      try client.done(.clunk(10))
      try client.done(.walk(fid, 10, name, "..", ".."))
      #expect(try inode(client, 10) == inode(client, fid))
      try client.done(.clunk(10))
    }
    #expect(try client.failure(.walk(1, 10, "..", "two")) == 0)
    #expect(try client.failure(.status(10)) == EBADF, "only the first step was found")
    #expect(try client.done(.fileSystem(2)).u32(0) != 0x0102_1994, "the root directory's file system is nobody's")
    served.server.signal(SIGTERM)
    #expect(served.server.wait(seconds: 10) == 0, "\(served.output.text)")
  }

  @Test("they are changed each by itself", arguments: [Way.byDefault, .inProcess, .squashed])
  func changes(way: Way) throws {
    let served = try Served(way.options)
    let client = try served.client()
    try client.done(.attach(1, tree: served.directory.path + "/one", user: geteuid()))
    try client.done(.attach(2, tree: "two", user: geteuid()))
    try client.done(.makeDirectory(1, "made"))
    try client.done(.rename(1, "made", 1, "renamed"))
    try client.done(.walk(2, 5))
    try client.done(.create(5, "file"))
    try client.done(.write(5, 0, Array("text".utf8)))
    #expect(try text(served.directory.path + "/two/file") == "text")
    #expect(access(served.directory.path + "/one/renamed", F_OK) == 0)
    #expect(try client.failure(.rename(1, "renamed", 2, "renamed")) == EXDEV)
    try client.done(.walk(2, 6, "second"))
    #expect(try client.failure(.link(1, 6, "linked")) == EXDEV)
    try client.done(.attach(4, tree: "again"))
    #expect(try names(client, 4)["renamed"] != nil)
  }

  @Test("what is the same file by two names has the same locks and number")
  func locks() throws {
    let served = try Served([])
    let (client, other) = (try served.client(), try served.client())
    try client.done(.attach(1, tree: served.directory.path + "/one"))
    try other.done(.attach(1, tree: "again"))
    for client in [client, other] {
      try client.done(.walk(1, 2, "first"))
      try client.done(.open(2, 2))
    }
    #expect(try inode(client, 2) == inode(other, 2))
    #expect(try client.done(.lock(2, 1)).all == [0])
    #expect(try other.done(.lock(2, 1, process: 2, client: "b")).all == [1])
  }

  @Test("read-only is each of them")
  func readOnly() throws {
    let served = try Served(["--readonly"])
    let client = try served.client()
    for (fid, name): (UInt32, String) in [(1, "two"), (2, "again")] {
      try client.done(.attach(fid, tree: name))
      #expect(try client.failure(.makeDirectory(fid, "made")) == EROFS)
    }
  }

  @Test("a client that isn't believed is its user in each", .enabled(if: hasRoot(), "needs root"))
  func users() throws {
    let served = try Served(["--socket-mode", "666"])
    let path = served.directory.path
    for name in ["/two/private", "/two/open"] { mkdir(path + name, 0o700) }
    chown(path + "/two/open", 1234, 1234)
    let client = Client(try connected(path + "/s", as: 1234))
    try client.agree()
    try client.done(.attach(1, tree: "two"))
    #expect(try client.failure(.makeDirectory(1, "made")) == EACCES)
    try client.done(.walk(1, 2, "open"))
    try client.done(.makeDirectory(2, "made"))
    try client.done(.walk(1, 3, "private"))
    #expect(try client.failure(.walk(3, 4, "x")) == EACCES)
  }

  @Test("an ordinary user's server has several, too", .enabled(if: hasRoot(), "needs root"))
  func ordinaryUser() throws {
    let directory = try TemporaryDirectory()
    for name in ["one", "two"] { mkdir(directory.path + "/" + name, 0o755) }
    #expect(try HelperHarness.run("/bin/chown", ["-R", "65534:65534", directory.path]) == 0)
    let program = open(Programs.postern, O_RDONLY | O_CLOEXEC)
    defer { close(program) }
    let output = try Output()
    let server = try spawn(
      "/usr/bin/setpriv",
      [
        "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "/proc/self/fd/9", "9p", "-e",
        "one=\(directory.path)/one", "-e", "two=\(directory.path)/two", "-l", "unix:\(directory.path)/s",
      ], inheriting: [(program, 9)], output: output)
    #expect(eventually { output.text.contains("aname=two") }, "\(output.text)")
    #expect(output.text.contains("sandbox=namespace"), "\(output.text)")
    let client = Client(try connected(directory.path + "/s"))
    try client.agree()
    try client.done(.attach(1, tree: "two"))
    try client.done(.makeDirectory(1, "made"))
    try client.done(.walk(1, 2, "..", "..", "made"))
    server.signal(SIGTERM)
    #expect(server.wait(seconds: 10) == 0)
  }

  @Test("nothing else is mounted, and what is the kernel's stays out", .enabled(if: hasRoot(), "needs root"))
  func mounts() throws {
    let directory = try TemporaryDirectory()
    for name in ["one", "two", "two/proc", "two/disk"] { mkdir(directory.path + "/" + name, 0o755) }
    let output = try Output()
    // The mounts are in a namespace of the shell's, and end with it.
    let server = try spawn(
      "/usr/bin/unshare",
      [
        "--mount", "/bin/sh", "-c",
        "mount -t proc none $1/two/proc && mount -t tmpfs none $1/two/disk && echo text > $1/two/disk/file && exec $2 9p "
          + "-e one=$1/one -e two=$1/two -l unix:$1/s", "sh", directory.path, Programs.postern,
      ], output: output)
    #expect(eventually { output.text.contains("aname=two") }, "\(output.text)")
    #expect(output.text.contains("left out, as proc isn't a file system of plain files: proc"), "\(output.text)")
    let mounts = try text("/proc/\(server.identifier)/mountinfo").split(separator: "\n")
    #expect(mounts.count == 4, "\(mounts)")
    for mount in mounts { #expect(mount.contains("nosuid,nodev,noexec"), "\(mount)") }
    #expect(mounts.contains { $0.contains(" / / ro,") }, "\(mounts)")
    let client = Client(try connected(directory.path + "/s"))
    try client.agree()
    try client.done(.attach(1, tree: "two"))
    try client.done(.walk(1, 2, "disk", "file"))
    try client.done(.open(2))
    #expect(try client.done(.read(2)).data == Array("text\n".utf8))
    try client.done(.walk(1, 3, "disk"))
    try client.done(.makeDirectory(3, "made"))
    try client.done(.walk(1, 4, "proc", ".."))
    #expect(try names(client, 1, "proc").keys.sorted() == [".", ".."])
    server.signal(SIGTERM)
    #expect(server.wait(seconds: 10) == 0)
  }

  @Test(
    "what can't be several is told",
    arguments: [
      (["-e", "/tmp", "-e", "/tmp"], "--export NAME=DIR"),
      (["-e", "a=/tmp", "-e", "a=/"], "Two exports are called \"a\""),
      (["-e", "/tmp", "-e", "a,b=/"], "without a comma"),
      (["-e", "/tmp", "-e", "a=/nowhere"], "can't export \"/nowhere\": No such file or directory"),
      (["-e", "/tmp", "-e", "a="], "--export"),
      (["-e", "/tmp", "-e", "a=/", "--sandbox", "none"], "several exports need the namespace sandbox"),
    ])
  func refusals(exports: [String], says: String) throws {
    let directory = try TemporaryDirectory()
    let output = try Output()
    let process = try spawn(Programs.postern, ["9p", "-l", "unix:\(directory.path)/s"] + exports, output: output)
    #expect(process.wait(seconds: 10) != 0)
    #expect(output.text.contains(says), "\(output.text)")
  }

  @Test("one has its name, or none")
  func one() throws {
    let directory = try TemporaryDirectory()
    mkdir(directory.path + "/a=b", 0o755)
    for (export, named, other) in [
      ("name=\(directory.path)/a=b", "name", "\(directory.path)/a=b"),
      ("\(directory.path)/a=b", "\(directory.path)/a=b", "a=b"),
    ] {
      let output = try Output()
      let server = try spawn(
        Programs.postern, ["9p", "-e", export, "-l", "unix:\(directory.path)/s"], output: output)
      #expect(eventually { output.text.contains("mount -t 9p") }, "\(output.text)")
      #expect(!output.text.contains("aname"))
      let client = Client(try connected(directory.path + "/s"))
      try client.start()
      try client.done(.attach(1, tree: named))
      #expect(try client.failure(.attach(2, tree: other)) == ENOENT)
      server.signal(SIGTERM)
      #expect(server.wait(seconds: 10) == 0)
    }
  }
}
