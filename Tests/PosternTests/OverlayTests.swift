import Glibc
import HelperHarness
import NinePHarness
import Testing

/// `postern 9p` and an export whose files are on several devices, though it is one mount: an overlay.
@Suite("Overlays", .serialized, .enabled(if: hasRoot(), "needs root, to mount"))
struct OverlayTests {
  @Test("no file is kept out for its layer, but other mounts are", arguments: [[], ["--in-process"]])
  func layers(options: [String]) throws {
    let (directory, memory) = (try TemporaryDirectory(), try TemporaryDirectory(in: "/dev/shm"))
    let (lower, export) = (directory.path + "/lower", directory.path + "/export")
    for path in [lower, lower + "/sub", export, memory.path + "/upper", memory.path + "/work"] { mkdir(path, 0o755) }
    for name in ["below", "sub/deep"] { close(open(lower + "/" + name, O_CREAT | O_WRONLY | O_CLOEXEC, 0o644)) }
    let layers = "lowerdir=\(lower),upperdir=\(memory.path)/upper,workdir=\(memory.path)/work"
    try #require(mount("overlay", export, "overlay", 0, layers) == 0)
    defer { umount2(export, CInt(MNT_DETACH)) }
    for name in ["upper", "bound"] { close(open(export + "/" + name, O_CREAT | O_WRONLY | O_CLOEXEC, 0o644)) }
    mkdir(export + "/again", 0o755)
    try #require(mount(export + "/sub", export + "/again", nil, UInt(Glibc.MS_BIND), nil) == 0)
    try #require(mount(export + "/upper", export + "/bound", nil, UInt(Glibc.MS_BIND), nil) == 0)
    defer { for name in ["again", "bound"] { umount2(export + "/" + name, CInt(MNT_DETACH)) } }
    var (root, file) = (stat(), stat())
    lstat(export, &root)
    lstat(export + "/below", &file)
    #expect(root.st_dev != file.st_dev, "the layers are told apart by the kernel")

    let output = try Output()
    let server = try spawn(
      Programs.postern,
      ["9p", "--export", export, "--listen", "unix:\(directory.path)/s", "--multidevs", "forbid"] + options,
      output: output)
    #expect(eventually { output.text.contains("mount -t 9p") }, "\(output.text)")
    let client = Client(try connected(directory.path + "/s"))
    try client.start(user: 0)
    var paths: Set<UInt64?> = []
    for (fid, names) in [[], ["below"], ["upper"], ["sub"], ["sub", "deep"]].enumerated() {
      try client.done(.walk(0, UInt32(fid) + 1, names))
      paths.insert(try client.done(.status(UInt32(fid) + 1)).u64(13))
    }
    #expect(paths.count == 5)
    for name in ["again", "bound"] { #expect(try client.failure(.walk(0, 9, name)) == ENODEV, "\(name)") }
    #expect(try client.done(.walk(0, 9, "sub", "..", "again", "deep")).u16(0) == 2)
    // Written to, a file moves to the other layer.
    try client.done(.open(2, 2))
    #expect(try client.done(.write(2, 0, [1])).u32(0) == 1)
    try client.done(.walk(0, 9, "below"))
    for name in ["new", "below"] {
      try client.done(.walk(0, 10))
      try client.done(.create(10, name, 2))
      try client.done(.clunk(10))
    }
    try client.done(.walk(0, 10))
    #expect(try client.failure(.create(10, "bound", 2)) == ENODEV)
    client.hangUp()
    server.signal(SIGTERM)
    #expect(server.wait(seconds: 10) == 0)
  }
}
