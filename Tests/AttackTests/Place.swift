import CLinux
import Glibc
import HelperHarness
import ProxyProtocol

/// An export, and beside it what no client may reach: files that everybody may change, so that nothing but the boundary
/// keeps a client from them.
final class Place {
  /// In the contents, link targets and attributes of what lies outside.
  static let secret = Array("kept from the guest".utf8)

  let start: Start
  /// Holds ``export`` and ``outside``, and nothing else.
  let directory: TemporaryDirectory
  let export: String
  let outside: String
  private let subordinates: Subordinates?
  private var before: [String] = []
  private var inodes: Set<[UInt64]> = []

  init(_ start: Start, in parent: String = "/tmp") throws {
    self.start = start
    directory = try TemporaryDirectory(in: parent)
    export = directory.path + "/export"
    outside = directory.path + "/outside"
    subordinates = hasRoot() ? try Subordinates() : nil
    try make(export)
    for path in [outside, outside + "/inner"] { try make(path) }
    for name in ["x", "secret", "inner/x"] { try makeFile(outside + "/" + name, Self.secret) }
    try check(symlink(String(decoding: Self.secret, as: UTF8.self), outside + "/link"), "symlink")
    try check(mkfifo(outside + "/fifo", 0o666), "mkfifo")
    for name in ["", "/inner", "/x", "/secret", "/inner/x", "/link", "/fifo", "/.."] {
      var status = stat()
      try check(lstat(outside + name, &status), "lstat")
      inodes.insert([UInt64(status.st_dev), UInt64(status.st_ino)])
    }
    // Looking at a link is reading it, which its access time may tell the first time.
    _ = state()
    before = state()
  }

  /// Whether the guest's users other than root are users of the host too.
  var hasOthers: Bool { hasRoot() || Self.ordinaryUserHasOthers }

  /// Whether who runs the tests has subordinate ids, and the programs that hand them out: a helper is asked.
  private static let ordinaryUserHasOthers: Bool = {
    guard let directory = try? TemporaryDirectory(), let start = Start.all.first,
      let peer = try? Peer(start, serving: directory.path)
    else { return false }
    return (try? peer.errno(.makeDirectory("/directory", uid: 1, gid: 1))) == 0
  }()

  /// Starts a helper on the export, which is its user's own by then.
  ///
  /// - Parameter arrange: what to do in the export before, which stays as it leaves it.
  func serve(_ options: [String] = [], after arrange: () throws -> Void = {}) throws -> Peer {
    try start.own(export)
    try arrange()
    return try Peer(start, serving: export, options, subordinates: subordinates)
  }

  /// What there is beside the export and in it: everything about what is outside, of the rest the names.
  private func state() -> [String] {
    Tree.names(in: directory.path) + Tree(outside).lines
  }

  /// What has changed outside; nil where nothing has.
  func damage() -> String? {
    let after = state()
    guard after != before else { return nil }
    let (old, new) = (Set(before), Set(after))
    return
      (before.filter { !new.contains($0) }.map { "was: \($0)" } + after.filter { !old.contains($0) }.map { "is: \($0)" })
      .joined(separator: "\n")
  }

  /// What an answer gives away of what is outside; nil where that is nothing.
  func leak(_ answer: Answer) -> String? {
    switch answer {
    case .frame(_, let payload):
      if payload.contains(Self.secret) { return "a secret: \(payload.readable)" }
      guard payload.count == FileStatus.size, let status = try? FileStatus(payload.span) else { return nil }
      return inodes.contains([status.device, status.inode]) ? "the status of a file outside" : nil
    case .word(_, let file?):
      return isOutside(file.descriptor) ? "a descriptor of a file outside" : nil
    case .word(_, nil):
      return nil
    }
  }

  /// Asks each of these, and says what the answers give away.
  func leaks(_ messages: [Message], _ peer: borrowing Peer) throws -> [String] {
    try messages.compactMap { message in
      leak(try peer.ask(message)).map { "\(message): \($0)" }
    }
  }

  /// Whether a descriptor is of something outside, or of the directory that holds it.
  func isOutside(_ descriptor: CInt) -> Bool {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return false }
    return inodes.contains([UInt64(status.st_dev), UInt64(status.st_ino)])
  }

  // MARK: Making things behind the helper's back

  /// A directory for everybody.
  func make(_ path: String) throws {
    try check(mkdir(path, 0o777), "mkdir \(path)")
    try check(chmod(path, 0o777), "chmod \(path)")
  }

  /// A file for everybody.
  func makeFile(_ path: String, _ content: [UInt8] = []) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    try check(file, "open \(path)")
    defer { close(file) }
    try check(CInt(write(file, content, content.count)), "write \(path)")
    try check(fchmod(file, 0o666), "chmod \(path)")
    // Not every file system has them.
    if content == Self.secret { fsetxattr(file, "user.a", content, content.count, 0) }
  }

  func makeLink(_ target: String, _ name: String) throws {
    try check(symlink(target, export + "/" + name), "symlink \(name)")
  }
}
