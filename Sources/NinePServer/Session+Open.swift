import Export
import Linux
import NinePProtocol
import Serving
import SystemPackage
import Wire

// Opening files, and what is in them.
extension Session where Files: ~Copyable {
  /// Opens a fid's file. Where that fails the fid stays as it was, and the client may try with other flags.
  mutating func open(
    _ fid: Fid, _ flags: NinePProtocol.OpenFlags, _ writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    let index = try fids.index(of: fid)
    try fids.files[index].requireNamed()
    guard let access = flags.access else { throw .invalidArgument }
    let kind = fids.files[index].kind
    if kind == .directory, access != .read || flags.contains(.truncate) { throw .isDirectory }
    let isRoot = terms.authority.isRoot(fids.files[index].user)
    let outcome = try files.open(
      fids.files[index].object, flags: Linux.OpenFlags(access, flags), isRoot: isRoot)
    try settle(outcome, Unfinished(writer, .open(flags), fid), into: &outbox)
  }

  /// Makes a file in a fid's directory and opens it, or opens what is there. The fid is the file's from then on.
  mutating func create(
    _ fid: Fid, _ text: Name, _ flags: NinePProtocol.OpenFlags, mode: UInt32, gid: UInt32,
    _ writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    let index = try fids.index(of: fid)
    try fids.files[index].requireNamed()
    guard let access = flags.access else { throw .invalidArgument }
    let owner = try terms.authority.identity(user: fids.files[index].user, gid: gid)
    try name.set(text.bytes)
    // Opening what is there may empty it.
    if terms.keepsToMount { try requireMountOfName(in: index) }
    var host = Linux.OpenFlags(access, flags)
    if flags.contains(.exclusive) { host = host | .exclusive }
    let outcome = try files.create(
      name, in: fids.files[index].object, flags: host, mode: mode, as: owner)
    try settle(outcome, Unfinished(writer, .create(flags), fid), into: &outbox)
  }

  mutating func read(
    _ fid: Fid, _ offset: UInt64, _ count: UInt32, _ writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    let index = try fids.index(of: fid)
    let room = MessageSize.data(count, within: messageSize)
    var space = outbox.space(at: Frame.dataOffset, room)
    let count: Int
    switch fids.files[index].use {
    case .file(reads: true, _):
      guard let read = try readFile(index, offset, into: &space, writer) else { return }
      count = read
    case .readingAttribute: count = readAttribute(index, offset, into: &space)
    case .directory: throw .isDirectory
    case .named, .file, .writingAttribute: throw .badFileDescriptor
    }
    outbox.put { buffer in writer.data(count: count, into: &buffer) }
  }

  /// - Returns: bytes; nil where the answer comes later.
  mutating func write(
    _ fid: Fid, _ offset: UInt64, _ data: Span<UInt8>, _ writer: ReplyWriter
  ) throws(Errno) -> Int? {
    let index = try fids.index(of: fid)
    switch fids.files[index].use {
    case .file(_, writes: true): return try writeFile(index, offset, data, writer)
    case .writingAttribute: return try writeAttribute(index, offset, data)
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
  /// What the host is asked for. Bits that aren't named here don't reach it: those that create, those of a terminal or a
  /// socket, and `O_DIRECT`, for which a client's data doesn't lie right.
  fileprivate init(_ access: NinePProtocol.OpenFlags.Access, _ flags: NinePProtocol.OpenFlags) {
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
