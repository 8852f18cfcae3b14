import Export
import Linux
import NinePProtocol
import Serving
import SystemPackage
import Wire

// Opening files, and their contents.
extension Session where Files: ~Copyable {
  /// Opens a fid's file. If that fails, the fid is unchanged, and the client may try with other flags.
  mutating func open(
    _ fid: Fid, flags: NinePProtocol.OpenFlags, reply writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    let handle = try fids.handle(of: fid)
    try fids[handle].requireNamed()
    guard let access = flags.access else { throw .invalidArgument }
    let kind = fids[handle].kind
    if kind == .directory, access != .read || flags.contains(.truncate) { throw .isDirectory }
    let isRoot = terms.authority.isRoot(fids[handle].user)
    let outcome = try files.open(
      fids[handle].object, flags: Linux.OpenFlags(access, adding: flags), isRoot: isRoot)
    try settle(outcome, of: Unfinished(reply: writer, answer: .open(flags), fid: fid), into: &outbox)
  }

  /// Makes a file in a fid's directory and opens it, or opens the one that has the name. The fid becomes the file's.
  mutating func create(
    _ name: Name, in fid: Fid, flags: NinePProtocol.OpenFlags, mode: UInt32, gid: UInt32,
    reply writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    let handle = try fids.handle(of: fid)
    try fids[handle].requireNamed()
    guard let access = flags.access else { throw .invalidArgument }
    let owner = try terms.authority.identity(user: fids[handle].user, gid: gid)
    // Opening what is there may empty it.
    if terms.keepsToMount { try requireMount(of: name, in: handle) }
    var host = Linux.OpenFlags(access, adding: flags)
    if flags.contains(.exclusive) { host = host | .exclusive }
    let outcome = try files.create(
      name, in: fids[handle].object, flags: host, mode: mode, as: owner)
    try settle(outcome, of: Unfinished(reply: writer, answer: .create(flags), fid: fid), into: &outbox)
  }

  mutating func read(
    _ fid: Fid, at offset: UInt64, count: UInt32, reply writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    let handle = try fids.handle(of: fid)
    let room = MessageSize.data(count, within: messageSize)
    var space = outbox.space(at: Frame.dataOffset, count: room)
    let count: Int
    switch fids[handle].use {
    case .file(reads: true, _):
      guard let read = try readFile(handle, at: offset, into: &space, reply: writer) else { return }
      count = read
    case .readingAttribute: count = readAttribute(handle, at: offset, into: &space)
    case .directory: throw .isDirectory
    case .named, .file, .writingAttribute: throw .badFileDescriptor
    }
    outbox.put { buffer in writer.data(count: count, into: &buffer) }
  }

  /// - Returns: bytes written; nil if the request is answered later.
  mutating func write(
    _ data: Span<UInt8>, to fid: Fid, at offset: UInt64, reply writer: ReplyWriter
  ) throws(Errno) -> Int? {
    let handle = try fids.handle(of: fid)
    switch fids[handle].use {
    case .file(_, writes: true): return try writeFile(data, to: handle, at: offset, reply: writer)
    case .writingAttribute: return try writeAttribute(data, to: handle, at: offset)
    case .directory: throw .isDirectory
    case .named, .file, .readingAttribute: throw .badFileDescriptor
    }
  }
}

extension NinePProtocol.OpenFlags {
  var writesThrough: Bool { contains(.synchronous) || contains(.synchronousData) }
}

extension HeldFile.Use {
  static func file(_ access: NinePProtocol.OpenFlags.Access) -> HeldFile.Use {
    switch access {
    case .read: .file(reads: true, writes: false)
    case .write: .file(reads: false, writes: true)
    case .readWrite: .file(reads: true, writes: true)
    }
  }
}

extension Linux.OpenFlags {
  /// Creates the host's flags. Bits that aren't named here don't reach the host: those that create, those of a terminal or a
  /// socket, and `O_DIRECT`, for which a client's data isn't aligned.
  fileprivate init(_ access: NinePProtocol.OpenFlags.Access, adding flags: NinePProtocol.OpenFlags) {
    var host: Linux.OpenFlags
    switch access {
    case .read: host = .readOnly
    case .write: host = .writeOnly
    case .readWrite: host = .readWrite
    }
    if flags.contains(.truncate) { host = host | .truncate }
    if flags.contains(.append) { host = host | .append }
    if flags.contains(.synchronousData) { host = host | .dataSync }
    if flags.contains(.synchronous) { host = host | .sync }
    if flags.contains(.directory) { host = host | .directory }
    if flags.contains(.noAccessTime) { host = host | .noAccessTime }
    self = host
  }
}
