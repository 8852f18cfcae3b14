import Glibc
import HelperHarness
import NinePHarness
import Testing

/// Blocks that ext4 keeps for root.
@Suite("The root's reserve", .serialized, .enabled(if: hasRoot(), "needs root"))
struct RootReserveTests {
  @Test("users' writes leave it alone, root's don't", arguments: [["--split"], ["--in-process"]])
  func reserve(options: [String]) throws {
    let directory = try TemporaryDirectory()
    let (image, share) = (directory.path + "/image", directory.path + "/share")
    mkdir(share, 0o755)
    try check(open(image, O_CREAT | O_RDWR | O_CLOEXEC, 0o600), "image")
    truncate(image, 16 << 20)
    guard access("/dev/loop-control", F_OK) == 0, access("/sbin/mkfs.ext4", X_OK) == 0,
      try HelperHarness.run("/sbin/mkfs.ext4", ["-q", "-F", "-m", "50", "-O", "^has_journal", image]) == 0,
      try HelperHarness.run("/bin/mount", ["-o", "loop", image, share]) == 0
    else { try Test.cancel("needs mkfs.ext4 and a loop device") }
    defer { _ = try? HelperHarness.run("/bin/umount", ["-l", share]) }
    chmod(share, 0o777)
    let output = try Output()
    let process = try spawn(
      Programs.postern, ["9p", "--export", share, "--listen", "unix:\(directory.path)/s"] + options, output: output)
    #expect(eventually { output.text.contains("mount -t 9p") }, "\(output.text)")
    let client = Client(try connected(directory.path + "/s"))
    func written(by user: UInt32) throws -> Int {
      try client.done(.attach(user + 1, user: user))
      try client.done(.create(user + 1, "of\(user)"))
      var count = 0
      while try client.failure(.write(user + 1, UInt64(count), [UInt8](repeating: 1, count: 32_768))) == 0 {
        count += 32_768
        guard count < 32 << 20 else { break }
      }
      return count
    }
    try client.start(user: 0)
    let users = try written(by: 1000)
    #expect(users < 9 << 20)
    // Split, the process that writes isn't root.
    let roots = try written(by: 0)
    if options.contains("--split") { #expect(roots < 1 << 20) } else { #expect(roots > 4 << 20) }
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 10) == 0, "\(output.text)")
  }
}
