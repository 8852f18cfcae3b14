import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

/// `security.capability`, which `setcap` sets and packages bring with them.
@Suite("Capabilities of files", .serialized, .enabled(if: hasRoot(), "needs root"))
struct FileCapabilitiesTests {
  private static let name = "security.capability"
  /// CAP_NET_RAW, permitted and effective: `struct vfs_cap_data` of revision 2.
  private static let value: [UInt8] = [1, 0, 0, 2, 0, 0x20, 0, 0] + [UInt8](repeating: 0, count: 12)

  private func value(of path: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 100)
    let count = getxattr(path, Self.name, &bytes, bytes.count)
    return count < 0 ? nil : Array(bytes.prefix(count))
  }

  @Test(
    "a client that is trusted sets them, unless that is refused",
    arguments: [
      ([], 0), (["--in-process"], 0), (["--uid-map", "0:0:1000", "--in-process"], 0),
      (["--file-capabilities", "allow"], 0),
      (["--file-capabilities", "refuse"], EPERM), (["--file-capabilities", "refuse", "--in-process"], EPERM),
      (["--squash", "1000:1000"], EPERM), (["--squash", "0:0", "--in-process"], EPERM), (["--readonly"], EROFS),
    ] as [([String], CInt)])
  func server(options: [String], error: CInt) throws {
    let directory = try TemporaryDirectory()
    let share = directory.path + "/share"
    mkdir(share, 0o777)
    let file = share + "/file"
    close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0o755))
    let output = try Output()
    let process = try spawn(
      Programs.postern, ["9p", "--export", share, "--listen", "unix:\(directory.path)/s"] + options, output: output)
    #expect(eventually { output.text.contains("mount -t 9p") }, "\(output.text)")
    let client = Client(try connected(directory.path + "/s"))
    try client.start(user: 0)
    try client.done(.walk(0, 1, "file"))
    let create = NinePMessage(
      32, .four(1), .text(Self.name), .eight(UInt64(Self.value.count)), .four(0))
    var result = try client.failure(create)
    if result == 0 { result = try client.failure(.write(1, 0, Self.value)) }
    if result == 0 { result = try client.failure(.clunk(1)) }
    #expect(result == error)
    #expect(value(of: file) == (error == 0 ? Self.value : nil))
    if error == 0 {
      // Whoever writes to the file takes them away.
      try client.done(.walk(0, 2, "file"))
      try client.done(.open(2, UInt32(O_WRONLY)))
      try client.done(.write(2, 0, [1]))
      #expect(value(of: file) == nil)
    }
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 10) == 0, "\(output.text)")
  }

  @Test(
    "the helper's client sets them where that is allowed",
    arguments: [
      ([], EPERM), (["--file-capabilities", "refuse"], EPERM), (["--file-capabilities", "allow"], 0),
      (["--file-capabilities=allow", "--readonly"], EROFS),
    ] as [([String], CInt)])
  func helper(options: [String], error: CInt) throws {
    let directory = try TemporaryDirectory()
    close(open(directory.path + "/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0o755))
    let peer = try Peer(Start(sandbox: "namespace", isRootless: false), serving: directory.path, options)
    let answer = try peer.ask(
      Message(.setAttribute, .s("/file"), .s(Self.name), .s(Self.value), .d(UInt32(Self.value.count)), .d(0)))
    #expect(answer.errno == error)
    #expect(value(of: directory.path + "/file") == (error == 0 ? Self.value : nil))
  }
}
