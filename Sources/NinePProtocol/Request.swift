public import Wire

/// A request, its names and data still in the receive buffer.
///
/// Names are checked. Everything else is as the client sent it: counts, offsets and numbers may be any.
public enum Request: ~Escapable {
  /// `Tstatfs`: gets the status of the file system that a file is on.
  case statfs(fid: Fid)
  /// `Tlopen`: opens a fid's file for reading, writing or listing.
  case lopen(fid: Fid, flags: OpenFlags)
  /// `Tlcreate`: makes a file in a fid's directory and opens it. From then on the fid is the file's.
  case lcreate(fid: Fid, name: Name, flags: OpenFlags, mode: UInt32, gid: UInt32)
  /// `Tsymlink`: makes a symbolic link. The target is stored as it is: 1 to 4095 bytes, without NUL.
  case symlink(directory: Fid, name: Name, target: Span<UInt8>, gid: UInt32)
  /// `Tmknod`: makes a file of the type in `mode`. `major` and `minor` are those of a device file.
  case mknod(directory: Fid, name: Name, mode: UInt32, major: UInt32, minor: UInt32, gid: UInt32)
  /// `Trename`: renames a fid's file.
  case rename(fid: Fid, directory: Fid, name: Name)
  /// `Treadlink`: reads the target of a symbolic link.
  case readlink(fid: Fid)
  /// `Tgetattr`: gets these attributes of a file.
  case getattr(fid: Fid, fields: FileAttributes.Fields)
  /// `Tsetattr`: sets attributes of a file.
  case setattr(fid: Fid, change: AttributeChange)
  /// `Txattrwalk`: makes `newFid` an extended attribute's value, to be read; with no name, the list of names. A name is at
  /// most 255 bytes without NUL.
  case xattrwalk(fid: Fid, newFid: Fid, name: Span<UInt8>)
  /// `Txattrcreate`: makes a fid an extended attribute's value, to be written. A name is 1 to 255 bytes without NUL.
  case xattrcreate(fid: Fid, name: Span<UInt8>, size: UInt64, flags: ExtendedAttributeFlags)
  /// `Treaddir`: lists a directory after the entry with this cookie, or from the beginning for 0.
  case readdir(fid: Fid, cookie: UInt64, count: UInt32)
  /// `Tfsync`: writes a file to the disk; with `dataOnly` only what is needed to read the data again.
  case fsync(fid: Fid, dataOnly: Bool)
  /// `Tlock`: locks or unlocks a range of a file.
  case lock(fid: Fid, flags: Lock.Flags, lock: Lock)
  /// `Tgetlock`: gets a lock that conflicts with this one.
  case getlock(fid: Fid, lock: Lock)
  /// `Tlink`: links a fid's file into a directory.
  case link(directory: Fid, fid: Fid, name: Name)
  /// `Tmkdir`: makes a directory.
  case mkdir(directory: Fid, name: Name, mode: UInt32, gid: UInt32)
  /// `Trenameat`: renames an entry, and replaces the one that has the new name.
  case renameat(oldDirectory: Fid, oldName: Name, newDirectory: Fid, newName: Name)
  /// `Tunlinkat`: removes an entry.
  case unlinkat(directory: Fid, name: Name, flags: UnlinkFlags)
  /// `Tversion`: starts a session, and ends the one before. `version` may be any bytes; ``Version/init(_:)`` reads them.
  case version(messageSize: UInt32, version: Span<UInt8>)
  /// `Tauth`: asks for a file to authenticate with. `userName` and `tree` may be any bytes.
  case auth(fid: Fid, userName: Span<UInt8>, tree: Span<UInt8>, user: UInt32)
  /// `Tattach`: makes a fid the root of a tree, for a user. `userName` and `tree` may be any bytes; `user` is ``noUser`` or
  /// a number.
  case attach(fid: Fid, authentication: Fid, userName: Span<UInt8>, tree: Span<UInt8>, user: UInt32)
  /// `Tflush`: withdraws the request with `oldTag`.
  case flush(oldTag: Tag)
  /// `Twalk`: makes `newFid` the file that the names lead to, one from the other.
  case walk(fid: Fid, newFid: Fid, names: Names)
  /// `Tread`: reads from an open file.
  case read(fid: Fid, offset: UInt64, count: UInt32)
  /// `Twrite`: writes to an open file.
  case write(fid: Fid, offset: UInt64, data: Span<UInt8>)
  /// `Tclunk`: gives a fid up.
  case clunk(fid: Fid)
  /// `Tremove`: removes a fid's file. The fid is given up whether that succeeds or not.
  case remove(fid: Fid)

  /// `NONUNAME`: the user is given by name, or not at all.
  public static let noUser = UInt32.max

  /// Decodes the body of a frame, to its last byte.
  ///
  /// - Throws: ``Malformed``, whatever the bytes are.
  @_lifetime(copy body)
  public init(_ type: RequestType, body: Span<UInt8>) throws(Malformed) {
    var reader = Reader(body)
    switch type {
    case .statfs:
      self = .statfs(fid: try reader.fid())
    case .lopen:
      self = .lopen(fid: try reader.fid(), flags: OpenFlags(rawValue: try reader.u32()))
    case .lcreate:
      self = .lcreate(
        fid: try reader.fid(), name: try reader.name(), flags: OpenFlags(rawValue: try reader.u32()),
        mode: try reader.u32(), gid: try reader.u32())
    case .symlink:
      self = .symlink(
        directory: try reader.fid(), name: try reader.name(), target: try reader.target(),
        gid: try reader.u32())
    case .mknod:
      self = .mknod(
        directory: try reader.fid(), name: try reader.name(), mode: try reader.u32(), major: try reader.u32(),
        minor: try reader.u32(), gid: try reader.u32())
    case .rename:
      self = .rename(fid: try reader.fid(), directory: try reader.fid(), name: try reader.name())
    case .readlink:
      self = .readlink(fid: try reader.fid())
    case .getattr:
      self = .getattr(fid: try reader.fid(), fields: FileAttributes.Fields(rawValue: try reader.u64()))
    case .setattr:
      self = .setattr(fid: try reader.fid(), change: try reader.attributeChange())
    case .xattrwalk:
      self = .xattrwalk(
        fid: try reader.fid(), newFid: try reader.fid(), name: try reader.attributeNameOrNone())
    case .xattrcreate:
      self = .xattrcreate(
        fid: try reader.fid(), name: try reader.attributeName(), size: try reader.u64(),
        flags: ExtendedAttributeFlags(rawValue: try reader.u32()))
    case .readdir:
      self = .readdir(fid: try reader.fid(), cookie: try reader.u64(), count: try reader.u32())
    case .fsync:
      // Old clients leave the second field out.
      let fid = try reader.fid()
      self = .fsync(fid: fid, dataOnly: reader.rest.isEmpty ? false : try reader.u32() != 0)
    case .lock:
      let (fid, kind, flags) = (try reader.fid(), try reader.lockKind(), Lock.Flags(rawValue: try reader.u32()))
      self = .lock(fid: fid, flags: flags, lock: try reader.lock(kind))
    case .getlock:
      let (fid, kind) = (try reader.fid(), try reader.lockKind())
      self = .getlock(fid: fid, lock: try reader.lock(kind))
    case .link:
      self = .link(directory: try reader.fid(), fid: try reader.fid(), name: try reader.name())
    case .mkdir:
      self = .mkdir(
        directory: try reader.fid(), name: try reader.name(), mode: try reader.u32(), gid: try reader.u32())
    case .renameat:
      self = .renameat(
        oldDirectory: try reader.fid(), oldName: try reader.name(), newDirectory: try reader.fid(),
        newName: try reader.name())
    case .unlinkat:
      self = .unlinkat(
        directory: try reader.fid(), name: try reader.name(), flags: UnlinkFlags(rawValue: try reader.u32()))
    case .version:
      self = .version(messageSize: try reader.u32(), version: try reader.string())
    case .auth:
      self = .auth(
        fid: try reader.fid(), userName: try reader.string(), tree: try reader.string(), user: try reader.u32())
    case .attach:
      self = .attach(
        fid: try reader.fid(), authentication: try reader.fid(), userName: try reader.string(),
        tree: try reader.string(), user: try reader.u32())
    case .flush:
      self = .flush(oldTag: try reader.tag())
    case .walk:
      let (fid, newFid, count) = (try reader.fid(), try reader.fid(), try reader.u16())
      self = .walk(fid: fid, newFid: newFid, names: try Names(count: Int(count), packed: reader.rest))
      return
    case .read:
      self = .read(fid: try reader.fid(), offset: try reader.u64(), count: try reader.u32())
    case .write:
      self = .write(fid: try reader.fid(), offset: try reader.u64(), data: try reader.data())
    case .clunk:
      self = .clunk(fid: try reader.fid())
    case .remove:
      self = .remove(fid: try reader.fid())
    }
    try reader.end()
  }
}

extension Reader {
  @_lifetime(self: copy self)
  fileprivate mutating func attributeChange() throws(Malformed) -> AttributeChange {
    var change = AttributeChange()
    change.valid = AttributeChange.Fields(rawValue: try u32())
    change.mode = try u32()
    change.uid = try u32()
    change.gid = try u32()
    change.size = try u64()
    change.access = try time()
    change.modification = try time()
    guard change.accessChange.isNormal, change.modificationChange.isNormal else { throw .value }
    return change
  }
}
