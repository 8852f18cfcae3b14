import Glibc
import HelperHarness
import NinePHarness
import Testing

/// Two processes of root's, with a client that isn't believed: everything but reading goes from one to the other.
@Suite("Two processes of postern 9p", .serialized, .enabled(if: hasRoot(), "needs root"))
struct SplitTests {
  private final class Server {
    let directory: TemporaryDirectory
    let process: Spawned
    let client: Client

    init() throws {
      directory = try TemporaryDirectory()
      let output = try Output()
      chmod(directory.path, 0o755)
      mkdir(directory.path + "/share", 0o755)
      chmod(directory.path + "/share", 0o777)
      for name in 0..<20 { try Self.write("\(name)", to: directory.path + "/share/\(name)") }
      process = try spawn(
        Programs.postern,
        [
          "9p", "--export", directory.path + "/share", "--listen", "unix:\(directory.path)/s", "--socket-mode", "666",
          "--split",
        ], output: output)
      for _ in 0..<2000 where !output.text.contains("mount -t 9p") && process.wait(seconds: 0.005) == nil {}
      client = Client(try connected(directory.path + "/s", as: 1000))
      try client.start()
    }

    deinit { process.signal(SIGTERM) }

    /// The file of this name has the name in it.
    private static func write(_ name: String, to path: String) throws {
      let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
      fchown(file, 1000, 1000)
      #expect(Glibc.write(file, name, name.utf8.count) > 0)
      close(file)
    }

    func path(_ name: String) -> String { directory.path + "/share/" + name }
  }

  @Test(
    "an object that is opened by an earlier request of the same batch is the one that is linked or renamed",
    arguments: [
      [NinePMessage.link(0, 1, "new")], [.rename(1, to: 0, "new")], [.rename(0, "1", 2, "new")],
      [.link(0, 1, "new"), .rename(1, to: 0, "newer"), .clunk(1)],
    ])
  func stale(messages: [NinePMessage]) throws {
    let server = try Server()
    try server.client.done(.walk(0, 1, "1"))
    try server.client.done(.walk(0, 2))
    var file = stat()
    #expect(lstat(server.path("1"), &file) == 0)
    let batch = [.open(1, 2), .walk(0, 9, "9")] + messages
    server.client.send(batch.enumerated().flatMap { $1.frame(tag: UInt16($0)) })
    for _ in batch {
      let answer = try #require(server.client.receive())
      #expect(answer.type == batch[Int(answer.tag)].type + 1, "\(batch[Int(answer.tag)])")
    }
    try server.client.done(.makeDirectory(0, "after"))
    var new = stat()
    #expect(lstat(server.path("new"), &new) == 0)
    #expect(new.st_ino == file.st_ino)
  }

  @Test("what the process with privilege has no descriptors for fails, and the session goes on")
  func shortage() throws {
    let server = try Server()
    let client = server.client
    let all: Range<UInt32> = 0..<20
    for fid in all { try client.done(.walk(0, fid + 1, "\(fid)")) }
    let monitor = server.process.identifier
    let resource = __rlimit_resource(RLIMIT_NOFILE.rawValue)
    var failed = 0
    for room in 0...41 {
      var old = rlimit()
      #expect(prlimit(monitor, resource, nil, &old) == 0)
      let highest = try FileList.names("/proc/\(monitor)/fd").compactMap { Int($0) }.max() ?? 0
      var limit = old
      limit.rlim_cur = rlim_t(highest + 1 + room)
      #expect(prlimit(monitor, resource, &limit, nil) == 0)
      client.send(all.flatMap { NinePMessage.open($0 + 1).frame(tag: UInt16($0)) })
      var opened: Set<UInt32> = []
      for _ in all {
        let answer = try #require(client.receive(), "\(room)")
        if answer.type == 13 {
          opened.insert(UInt32(answer.tag))
        } else {
          #expect(answer.body.u32(0) == UInt32(EMFILE))
        }
      }
      #expect(prlimit(monitor, resource, &old, nil) == 0)
      failed += all.count - opened.count
      #expect(room < 41 || opened.count == all.count)
      for fid in all {
        if !opened.contains(fid) { try client.done(.open(fid + 1)) }
        #expect(try client.done(.read(fid + 1)).all.dropFirst(4) == Array("\(fid)".utf8)[...], "\(room)")
        try client.done(.clunk(fid + 1))
        try client.done(.walk(0, fid + 1, "\(fid)"))
      }
    }
    #expect(failed > 20)
  }
}

@_silgen_name("prlimit")
private func prlimit(
  _ process: pid_t, _ resource: __rlimit_resource, _ new: UnsafePointer<rlimit>?, _ old: UnsafeMutablePointer<rlimit>?
) -> CInt
