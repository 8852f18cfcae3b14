import Glibc
import HelperHarness
import NinePHarness
import Testing

/// Mounts with `access=UID`, which attach by a name (`uname=`) alone.
@Suite("Users by name", .serialized, .enabled(if: hasRoot(), "needs root"))
struct AccountsTests {
  @Test(
    "a trusted client's user is the host's account of that name, or the number that the name is",
    arguments: [["--split"], ["--in-process"], ["--sandbox", "none"]])
  func names(options: [String]) throws {
    let directory = try TemporaryDirectory()
    let share = directory.path + "/share"
    mkdir(share, 0o777)
    chmod(share, 0o777)
    let output = try Output()
    let process = try spawn(
      Programs.postern,
      ["9p", "--export", share, "--listen", "unix:\(directory.path)/s", "--socket-mode", "666"] + options,
      output: output)
    #expect(eventually { output.text.contains("mount -t 9p") }, "\(output.text)")
    chmod(directory.path, 0o755)
    // An account that there is.
    let line = try #require(try text("/etc/passwd").split(separator: "\n").first { !$0.hasPrefix("root:") })
    let account = line.split(separator: ":", omittingEmptySubsequences: false)
    let known = try #require(uid_t(account[2]))
    for (user, cases) in [
      (nil, [(String(account[0]), known), ("4711", 4711), ("nobody-has-this-name", 65_534), ("", 65_534)]),
      (1000, [("root", 1000), ("4711", 1000)]),
    ] as [(uid_t?, [(String, uid_t)])] {
      for (name, owner) in cases {
        let client = Client(try connected(directory.path + "/s", as: user))
        try client.agree()
        try client.done(.attach(0, name: name))
        let made = "\(user ?? 0)-\(name)"
        try client.done(.makeDirectory(0, made))
        var status = stat()
        #expect(lstat(share + "/" + made, &status) == 0 && status.st_uid == owner, "\(name): \(status.st_uid)")
        // A number counts, whatever the name is.
        try client.done(.attach(1, user: 2000, name: name))
        try client.done(.makeDirectory(1, "n" + made))
        #expect(lstat(share + "/n" + made, &status) == 0 && status.st_uid == user ?? 2000)
      }
    }
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 10) == 0, "\(output.text)")
  }
}
