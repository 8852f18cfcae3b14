import CLinux
import Glibc
import HelperHarness
import NinePHarness

typealias Answer = NinePHarness.Answer

/// An export that a server shares, and beside it what no client may reach: files that everybody may change, so that nothing
/// but the boundary keeps a client from them.
final class Share: @unchecked Sendable {
  /// In the contents, link targets and attributes of what lies outside.
  static let secret = Array("kept from the client".utf8)

  let way: Way
  /// Holds the export, what is outside, and the socket's directory.
  let directory: TemporaryDirectory
  let path: String
  let outside: String
  /// A place out of the export where the host may move things.
  let elsewhere: String
  let log: Output
  let server: Spawned
  private let before: [String]
  private let marks: [[UInt8]]

  /// Starts a server.
  ///
  /// - Parameter arrange: what to do before in the export, whose path it is given; all becomes its owner's.
  init(
    _ way: Way, _ options: [String] = [], in parent: String = "/tmp", arrange: (String) throws -> Void = { _ in }
  ) throws {
    self.way = way
    directory = try TemporaryDirectory(in: parent)
    (path, outside) = (directory.path + "/export", directory.path + "/outside")
    elsewhere = directory.path + "/elsewhere"
    let run = directory.path + "/run"
    for path in [path, outside, outside + "/inner", elsewhere, run] { try makeDirectory(path) }
    for name in ["x", "secret", "inner/x"] { try makeFile(outside + "/" + name, Self.secret) }
    try check(symlink(String(decoding: Self.secret, as: UTF8.self), outside + "/link"), "symlink")
    try check(mkfifo(outside + "/fifo", 0o666), "mkfifo")
    try arrange(path)
    if geteuid() == 0 { try HelperHarness.run("/bin/chown", ["-R", "-h", "\(way.owner):\(way.owner)", path]) }
    if way.user != geteuid() { try check(chown(run, way.user, way.user), "chown") }
    marks = try ["", "/inner", "/x", "/secret", "/inner/x", "/link", "/fifo", "/..", "/../elsewhere"].map {
      [outside] name in
      var status = stat()
      try check(lstat(outside + name, &status), "lstat")
      return NinePMessage.Field.eight(UInt64(status.st_ino)).bytes
    }
    // Looking at a link is reading it, which its access time may tell the first time.
    _ = Tree(outside)
    before = Tree(outside).lines + Tree.names(in: directory.path)
    log = try Output()
    server = try way.start(
      ["9p", "--export", path, "--listen", "unix:\(run)/s"] + way.options + options, output: log)
    let log = log
    guard eventually({ log.text.contains("mount -t 9p") }) else { throw HarnessError("not ready: \(log.text)") }
  }

  var socket: String { directory.path + "/run/s" }

  /// A client that has begun nothing.
  func connect(as user: uid_t? = nil) throws -> Client {
    Client(try connected(socket, as: user))
  }

  /// A client whose fid 0 is the root.
  func client(as user: uid_t? = nil, acting: UInt32 = 0, messageSize: UInt32 = 65_536) throws -> Client {
    let client = try connect(as: user)
    try client.start(messageSize: messageSize, user: acting)
    return client
  }

  /// Whether another client is served.
  func isWell() -> Bool {
    guard let client = try? client() else { return false }
    defer { client.hangUp() }
    return (try? client.failure(.status(0))) == 0
  }

  /// Whether it ends as it should.
  func ends() -> Bool {
    server.signal(SIGTERM)
    return server.wait(seconds: 5) == 0
  }

  /// What has changed outside; nil where nothing has.
  func damage() -> String? {
    let after = Tree(outside).lines + Tree.names(in: directory.path)
    guard after != before else { return nil }
    let (old, new) = (Set(before), Set(after))
    return
      (before.filter { !new.contains($0) }.map { "was: \($0)" } + after.filter { !old.contains($0) }.map { "is: \($0)" })
      .joined(separator: "\n")
  }

  /// Whether an answer gives something away of what is outside: what it holds, or its inode's number.
  func leaks(_ answer: Answer) -> Bool {
    guard answer.type != 7 else { return false }
    let bytes = answer.body.all
    return bytes.contains(Self.secret) || marks.contains { bytes.contains($0) }
  }

  /// Asks each of these, and returns those whose answers give something away.
  func leaks(_ messages: [NinePMessage], _ client: Client) throws -> [String] {
    try messages.compactMap { leaks(try client.call($0)) ? "\($0)" : nil }
  }

  /// What the host sees of a file in the export.
  func status(_ name: String) throws -> stat {
    var status = stat()
    try check(lstat(path + "/" + name, &status), "lstat \(name)")
    return status
  }
}

// MARK: What the host does

/// A directory for everybody.
func makeDirectory(_ path: String) throws {
  try check(mkdir(path, 0o777), "mkdir \(path)")
  try check(chmod(path, 0o777), "chmod \(path)")
}

/// A file for everybody.
func makeFile(_ path: String, _ content: [UInt8] = [], mode: mode_t = 0o666) throws {
  let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
  try check(file, "open \(path)")
  defer { close(file) }
  try check(CInt(write(file, content, content.count)), "write \(path)")
  try check(fchmod(file, mode), "chmod \(path)")
  if content == Share.secret { fsetxattr(file, "user.a", content, content.count, 0) }
}
