import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

/// An ordinary user's server, whose clients' users are that user's subordinate ids.
@Suite(
  "Subordinate ids of who runs postern 9p", .serialized,
  .enabled(if: hasRoot() && access("/usr/bin/newuidmap", X_OK) == 0, "needs root, who grants them, and newuidmap"))
struct SubordinateIdentitiesTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    mkdir(directory.path + "/share", 0o755)
    chmod(directory.path, 0o755)
    chmod(directory.path + "/share", 0o777)
    for name in ["", "/share"] { chown(directory.path + name, 65_534, 65_534) }
  }

  /// Starts nobody's server, or helper, with these lines in `/etc/subuid` and `/etc/subgid`.
  ///
  /// - Parameters:
  ///   - before: what a shell does first, in a mount namespace of its own.
  private func start(
    _ program: String = Programs.postern, granting ranges: [String], before: String = ":", _ arguments: [String],
    inheriting: [(from: CInt, to: CInt)] = [], output: Output
  ) throws -> Spawned {
    let list = try TemporaryFile(ranges.map { "65534:\($0)\n" }.joined())
    let file = open(program, O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    let script =
      "mount --bind \"$0\" /etc/subuid && mount --bind \"$0\" /etc/subgid && rm \"$0\" && \(before) && "
      + "exec /usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all /proc/self/fd/9 \"$@\""
    let process = try spawn(
      "/usr/bin/unshare", ["--mount", "/bin/sh", "-c", script, list.path] + arguments,
      inheriting: inheriting + [(file, 9)], output: output)
    // The list may go once it is mounted.
    #expect(eventually { access(list.path, F_OK) != 0 || process.wait(seconds: 0) != nil })
    return process
  }

  private func serve(
    granting ranges: [String], before: String = ":", _ options: [String] = [], output: Output
  ) throws -> Spawned {
    let process = try start(
      granting: ranges, before: before,
      ["9p", "-e", directory.path + "/share", "-l", "unix:\(directory.path)/s"] + options, output: output)
    guard eventually({ output.text.contains("MOUNTPOINT") }) else { throw HarnessError("not ready: \(output.text)") }
    return process
  }

  private func owner(_ name: String) -> [UInt32] {
    var status = stat()
    return lstat(directory.path + "/share/" + name, &status) == 0 ? [status.st_uid, status.st_gid] : []
  }

  @Test("root is the user, and others are the user's ids", arguments: [[], ["--in-process"]])
  func owners(options: [String]) throws {
    close(open(directory.path + "/share/of-root", O_CREAT | O_WRONLY | O_CLOEXEC, 0o600))
    let output = try Output()
    let process = try serve(granting: ["200000:65536"], options, output: output)
    #expect(output.text.contains("ids=user-namespace"), "\(output.text)")
    let map = try text("/proc/\(process.identifier)/uid_map").split(whereSeparator: \.isWhitespace).map { String($0) }
    #expect(map == ["0", "65534", "1", "1", "200000", "65536"])
    let client = Client(try connected("\(directory.path)/s", as: 65_534))
    try client.agree()
    try client.done(.attach(0, user: 0))
    try client.done(.attach(1, user: 1234))
    try client.done(.makeDirectory(0, "of-user"))
    #expect(owner("of-user") == [65_534, 65_534])
    try client.done(.makeDirectory(1, "of-other"))
    #expect(owner("of-other") == [201_233, 65_534])
    try client.done(.walk(0, 2, "of-user"))
    try client.done(.change(2, 2, uid: 5))
    #expect(owner("of-user") == [200_004, 65_534])
    // The host's root is nobody there, and its files are out of reach.
    try client.done(.walk(0, 3, "of-root"))
    #expect(try client.failure(.open(3)) == EACCES)
    #expect(throws: HarnessError.self) { try connected("\(directory.path)/s", as: 1000) }
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 10) == 0, "\(output.text)")
  }

  @Test("getsubids is asked first", .enabled(if: access("/usr/bin/getsubids", X_OK) == 0, "needs getsubids"))
  func otherSources() throws {
    let output = try Output()
    let script =
      "printf '#!/bin/sh\\necho 0: nobody 300000 70000\\n' >\(directory.path)/g && chmod 755 \(directory.path)/g && "
      + "mount --bind \(directory.path)/g /usr/bin/getsubids"
    let process = try serve(granting: ["200000:10", "300000:70000"], before: script, output: output)
    let map = try text("/proc/\(process.identifier)/uid_map").split(whereSeparator: \.isWhitespace).map { String($0) }
    #expect(map == ["0", "65534", "1", "1", "300000", "70000"])
    process.signal(SIGTERM)
    #expect(process.wait(seconds: 10) == 0, "\(output.text)")
  }

  @Test("where there are none, or no newuidmap, that is said, and all is the one user's")
  func without() throws {
    for (ranges, before, says) in [
      (["200000:65536"], "export PATH=/nowhere", "in the package uidmap"),
      ([], "export PATH=/nowhere", "usermod --add-subuids"),
    ] {
      let output = try Output()
      let process = try serve(granting: ranges, before: before, output: output)
      #expect(output.text.contains(says), "\(output.text)")
      let client = Client(try connected("\(directory.path)/s", as: 65_534))
      try client.start(user: 1234)
      let name = "made\(ranges.count)"
      try client.done(.makeDirectory(0, name))
      #expect(owner(name) == [65_534, 65_534])
      process.signal(SIGTERM)
      #expect(process.wait(seconds: 10) == 0, "\(output.text)")

      let pair = try socketPair()
      let helperOutput = try Output()
      let helper = try start(
        Programs.helper, granting: ranges, before: before, ["-n", "-p", directory.path + "/share", "-f", "3"],
        inheriting: [(pair.theirs, 3)], output: helperOutput)
      close(pair.theirs)
      #expect(eventually { helperOutput.text.contains("serving ") }, "\(helperOutput.text)")
      #expect(helperOutput.text.contains(says), "\(helperOutput.text)")
      close(pair.ours)
      #expect(helper.wait(seconds: 10) == 0)
    }
  }
}
