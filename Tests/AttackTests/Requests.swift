import Glibc
import HelperHarness
import ProxyProtocol

/// Requests of every type that names a file, to make an attempt with each.
enum Requests {
  /// Every request that only looks, on this path.
  static func looking(at path: [UInt8]) -> [Message] {
    [
      Message(.status, .s(path)),
      Message(.readLink, .s(path), .d(4096)),
      Message(.fileSystemStatus, .s(path)),
      Message(.getVersion, .s(path)),
      Message(.getAttribute, .d(4096), .s(path), .s("user.a")),
      Message(.listAttributes, .d(4096), .s(path)),
      Message(.open, .s(path), .d(UInt32(O_RDONLY))),
      Message(.open, .s(path), .d(UInt32(O_RDONLY | O_DIRECTORY))),
    ]
  }

  /// Every request that changes something, on this path, in each place where it can stand.
  ///
  /// - Parameters:
  ///   - other: a path for requests that name two, which lies in the export and isn't there.
  ///   - existing: the same, and is there.
  static func changing(_ path: [UInt8], other: [UInt8], existing: [UInt8]) -> [Message] {
    let root = Message.Field.d(0)
    return [
      Message(.open, .s(path), .d(UInt32(O_RDWR | O_TRUNC))),
      Message(.create, .s(path), .d(UInt32(O_RDWR)), .d(0o666), root, root),
      Message(.create, .s(path), .d(UInt32(O_RDWR | O_CREAT | O_TRUNC)), .d(0o666), root, root),
      Message(.create, .s(path), .d(UInt32(O_RDWR | O_CREAT | O_EXCL)), .d(0o666), .d(1), .d(1)),
      Message(.makeNode, root, root, .s(path), .d(S_IFIFO | 0o666), .q(0)),
      Message(.makeNode, .d(1), .d(1), .s(path), .d(S_IFREG | 0o666), .q(0)),
      Message(.makeDirectory, root, root, .s(path), .d(0o777)),
      Message(.makeSymbolicLink, root, root, .s("x"), .s(path)),
      Message(.link, .s(path), .s(other)),
      Message(.link, .s(existing), .s(path)),
      Message(.changeMode, .s(path), .d(0o700)),
      Message(.changeOwner, .s(path), .d(1), .d(1)),
      Message(.truncate, .s(path), .q(1)),
      Message(.setTimes, .s(path), .q(1), .q(2), .q(3), .q(4)),
      Message(.setAttribute, .s(path), .s("user.b"), .s("value"), .d(5), .d(0)),
      Message(.removeAttribute, .s(path), .s("user.a")),
      Message(.rename, .s(path), .s(other)),
      Message(.rename, .s(existing), .s(path)),
      Message(.remove, .s(path)),
    ]
  }

  /// All of them: what looks comes first, what removes last.
  static func all(_ path: [UInt8], other: [UInt8], existing: [UInt8]) -> [Message] {
    looking(at: path) + changing(path, other: other, existing: existing)
  }
}

extension Message {
  static func status(_ path: String) -> Message { Message(.status, .s(path)) }

  static func open(_ path: String, _ flags: CInt = O_RDONLY) -> Message {
    Message(.open, .s(path), .d(UInt32(bitPattern: flags)))
  }

  /// As the guest's root, where nothing else is said.
  static func create(
    _ path: String, _ flags: CInt = O_RDWR | O_CREAT, mode: UInt32 = 0o644, uid: UInt32 = 0, gid: UInt32 = 0
  ) -> Message {
    Message(.create, .s(path), .d(UInt32(bitPattern: flags)), .d(mode), .d(uid), .d(gid))
  }

  static func makeDirectory(_ path: String, mode: UInt32 = 0o755, uid: UInt32 = 0, gid: UInt32 = 0) -> Message {
    Message(.makeDirectory, .d(uid), .d(gid), .s(path), .d(mode))
  }

  static func remove(_ path: String) -> Message { Message(.remove, .s(path)) }
}

extension Peer {
  /// The errno that a request is answered with, 0 for success.
  borrowing func errno(_ message: Message) throws -> Int32 {
    try ask(message).errno
  }

  /// What the helper says of a file.
  borrowing func status(_ path: String) throws -> FileStatus {
    let answer = try ask(.status(path))
    guard case .frame(0, let payload) = answer else { throw HarnessError("status of \(path): \(answer)") }
    return try FileStatus(payload.span)
  }

  /// Opens something that there is.
  borrowing func descriptor(_ path: String, _ flags: CInt = O_RDONLY) throws -> OpenFile {
    let answer = try ask(.open(path, flags))
    guard case .word(Frame.descriptorFollows, let file?) = answer else { throw HarnessError("open \(path): \(answer)") }
    return file
  }

  /// Whether it serves on as if nothing had been.
  borrowing func isWell() throws -> Bool {
    try ask(.status("/")).errno == 0 && isQuiet()
  }
}
