public import Wire

extension Request {
  /// The request's number on the wire.
  public var type: RequestType {
    switch self {
    case .statfs: .statfs
    case .lopen: .lopen
    case .lcreate: .lcreate
    case .symlink: .symlink
    case .mknod: .mknod
    case .rename: .rename
    case .readlink: .readlink
    case .getattr: .getattr
    case .setattr: .setattr
    case .xattrwalk: .xattrwalk
    case .xattrcreate: .xattrcreate
    case .readdir: .readdir
    case .fsync: .fsync
    case .lock: .lock
    case .getlock: .getlock
    case .link: .link
    case .mkdir: .mkdir
    case .renameat: .renameat
    case .unlinkat: .unlinkat
    case .version: .version
    case .auth: .auth
    case .attach: .attach
    case .flush: .flush
    case .walk: .walk
    case .read: .read
    case .write: .write
    case .clunk: .clunk
    case .remove: .remove
    }
  }

  /// Writes this request's whole frame to the start of `frame`, and returns its size. Names are written as given: that
  /// they are names is for who decodes them to say.
  ///
  /// - Throws: ``Malformed/length`` where a field exceeds what the wire can say, or the frame the room there is.
  public func encode(tag: Tag, into frame: inout MutableSpan<UInt8>) throws(Malformed) -> Int {
    let end = try writeBody(into: &frame)
    guard let size = UInt32(exactly: end) else { throw .length }
    var writer = Writer(&frame)
    writer.header(FrameHeader(size: size, type: type.rawValue, tag: tag))
    return end
  }

  private func writeBody(into frame: inout MutableSpan<UInt8>) throws(Malformed) -> Int {
    var writer = Writer(&frame, at: Frame.headerSize)
    switch self {
    case .statfs(let fid), .readlink(let fid), .clunk(let fid), .remove(let fid):
      writer.fid(fid)
    case .lopen(let fid, let flags):
      writer.fid(fid)
      writer.u32(flags.rawValue)
    case .lcreate(let fid, let name, let flags, let mode, let gid):
      writer.fid(fid)
      writer.name(name)
      writer.u32(flags.rawValue)
      writer.u32(mode)
      writer.u32(gid)
    case .symlink(let directory, let name, let target, let gid):
      writer.fid(directory)
      writer.name(name)
      writer.string(target)
      writer.u32(gid)
    case .mknod(let directory, let name, let mode, let major, let minor, let gid):
      writer.fid(directory)
      writer.name(name)
      writer.u32(mode)
      writer.u32(major)
      writer.u32(minor)
      writer.u32(gid)
    case .rename(let fid, let directory, let name):
      writer.fid(fid)
      writer.fid(directory)
      writer.name(name)
    case .getattr(let fid, let fields):
      writer.fid(fid)
      writer.u64(fields.rawValue)
    case .setattr(let fid, let change):
      writer.fid(fid)
      writer.change(change)
    case .xattrwalk(let fid, let newFid, let name):
      writer.fid(fid)
      writer.fid(newFid)
      writer.string(name)
    case .xattrcreate(let fid, let name, let size, let flags):
      writer.fid(fid)
      writer.string(name)
      writer.u64(size)
      writer.u32(flags.rawValue)
    case .readdir(let fid, let cookie, let count):
      writer.fid(fid)
      writer.u64(cookie)
      writer.u32(count)
    case .read(let fid, let offset, let count):
      writer.fid(fid)
      writer.u64(offset)
      writer.u32(count)
    case .fsync(let fid, let dataOnly):
      writer.fid(fid)
      writer.u32(UInt32(dataOnly ? 1 : 0))
    case .lock(let fid, let flags, let lock):
      writer.fid(fid)
      writer.u8(lock.kind.rawValue)
      writer.u32(flags.rawValue)
      writer.lock(lock)
    case .getlock(let fid, let lock):
      writer.fid(fid)
      writer.u8(lock.kind.rawValue)
      writer.lock(lock)
    case .link(let directory, let fid, let name):
      writer.fid(directory)
      writer.fid(fid)
      writer.name(name)
    case .mkdir(let directory, let name, let mode, let gid):
      writer.fid(directory)
      writer.name(name)
      writer.u32(mode)
      writer.u32(gid)
    case .renameat(let oldDirectory, let oldName, let newDirectory, let newName):
      writer.fid(oldDirectory)
      writer.name(oldName)
      writer.fid(newDirectory)
      writer.name(newName)
    case .unlinkat(let directory, let name, let flags):
      writer.fid(directory)
      writer.name(name)
      writer.u32(flags.rawValue)
    case .version(let messageSize, let version):
      writer.u32(messageSize)
      writer.string(version)
    case .auth(let fid, let userName, let tree, let user):
      writer.fid(fid)
      writer.string(userName)
      writer.string(tree)
      writer.u32(user)
    case .attach(let fid, let authentication, let userName, let tree, let user):
      writer.fid(fid)
      writer.fid(authentication)
      writer.string(userName)
      writer.string(tree)
      writer.u32(user)
    case .flush(let oldTag):
      writer.u16(oldTag.rawValue)
    case .walk(let fid, let newFid, let names):
      writer.fid(fid)
      writer.fid(newFid)
      writer.u16(UInt16(truncatingIfNeeded: names.count))
      writer.bytes(names.packed)
    case .write(let fid, let offset, let data):
      writer.fid(fid)
      writer.u64(offset)
      writer.data(data)
    }
    return try writer.finish()
  }
}

extension Writer {
  @_lifetime(self: copy self)
  fileprivate mutating func change(_ change: AttributeChange) {
    u32(change.valid.rawValue)
    u32(change.mode)
    u32(change.uid)
    u32(change.gid)
    u64(change.size)
    time(change.access)
    time(change.modification)
  }
}
