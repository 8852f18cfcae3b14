package import Wire

/// One request, its names and data still in the receive buffer.
///
/// Names are single names of a directory: neither empty nor longer than 255 bytes, neither `.` nor `..` (but in a walk),
/// and without a slash or NUL. Everything else is what the client says: counts, offsets and numbers may be any.
package enum Request: ~Escapable {
  /// Asks what file system a file is on.
  case fileSystemStatus(fid: Fid)
  /// Opens a fid's file for reading, writing or listing.
  case open(fid: Fid, flags: OpenFlags)
  /// Makes a file in a fid's directory and opens it. The fid is the file's from then on.
  case create(fid: Fid, name: Name, flags: OpenFlags, mode: UInt32, gid: UInt32)
  /// Makes a symbolic link; `target` is stored as it is. It holds no NUL, and 1 to 4095 bytes.
  case makeSymbolicLink(directory: Fid, name: Name, target: Span<UInt8>, gid: UInt32)
  /// Makes what the type bits of `mode` say; `major` and `minor` are a device file's.
  case makeNode(directory: Fid, name: Name, mode: UInt32, major: UInt32, minor: UInt32, gid: UInt32)
  /// Renames a fid's file.
  case rename(fid: Fid, directory: Fid, name: Name)
  /// Asks for a symbolic link's target.
  case readLink(fid: Fid)
  /// Asks for these attributes of a file.
  case getAttributes(fid: Fid, fields: FileAttributes.Fields)
  /// Changes some attributes of a file.
  case setAttributes(fid: Fid, change: AttributeChange)
  /// Makes `newFid` an extended attribute's value, to be read; with no name, the names of all of them. A name may be any
  /// 255 bytes but NUL.
  case walkExtendedAttribute(fid: Fid, newFid: Fid, name: Span<UInt8>)
  /// Makes a fid an extended attribute's value, to be written. A name may be any 255 bytes but NUL.
  case createExtendedAttribute(fid: Fid, name: Span<UInt8>, size: UInt64, flags: ExtendedAttributeFlags)
  /// Lists a directory, behind the entry with this offset.
  case readDirectory(fid: Fid, offset: UInt64, count: UInt32)
  /// Has what was written brought to the disk; with `dataOnly` only what reading it again needs.
  case synchronize(fid: Fid, dataOnly: Bool)
  /// Locks or unlocks a range of a file.
  case lock(fid: Fid, flags: Lock.Flags, lock: Lock)
  /// Asks what would keep this lock from being had.
  case getLock(fid: Fid, lock: Lock)
  /// Gives a fid's file another name.
  case link(directory: Fid, fid: Fid, name: Name)
  /// Makes a directory.
  case makeDirectory(directory: Fid, name: Name, mode: UInt32, gid: UInt32)
  /// Renames, and replaces what has the new name.
  case renameAt(oldDirectory: Fid, oldName: Name, newDirectory: Fid, newName: Name)
  /// Removes a name.
  case unlinkAt(directory: Fid, name: Name, flags: UnlinkFlags)
  /// Starts a session, also in the midst of one. ``Version/init(_:)`` reads `version`, any bytes.
  case version(messageSize: UInt32, version: Span<UInt8>)
  /// Asks for a file to authenticate with. `userName` and `tree` are any bytes.
  case authenticate(fid: Fid, userName: Span<UInt8>, tree: Span<UInt8>, user: UInt32)
  /// Makes a fid the root of a tree, for a user. `userName` and `tree` are any bytes; `user` is ``noUser`` or a number.
  case attach(fid: Fid, authentication: Fid, userName: Span<UInt8>, tree: Span<UInt8>, user: UInt32)
  /// Says that the reply to `oldTag` isn't needed.
  case flush(oldTag: Tag)
  /// Makes `newFid` what the names lead to, one from the other.
  case walk(fid: Fid, newFid: Fid, names: Names)
  /// Reads.
  case read(fid: Fid, offset: UInt64, count: UInt32)
  /// Writes.
  case write(fid: Fid, offset: UInt64, data: Span<UInt8>)
  /// Gives a fid up.
  case clunk(fid: Fid)
  /// Removes a fid's file, and gives the fid up, in any case.
  case remove(fid: Fid)

  /// `NONUNAME`: a user who is given by name, if at all.
  package static let noUser = UInt32.max

  /// Decodes what follows a frame's header, to its last byte.
  ///
  /// - Throws: ``Malformed``, whatever the bytes are; nothing of the request was acted upon then.
  @_lifetime(copy body)
  package init(_ type: RequestType, body: Span<UInt8>) throws(Malformed) {
    var reader = Reader(body)
    switch type {
    case .fileSystemStatus:
      self = .fileSystemStatus(fid: try reader.fid())
    case .open:
      self = .open(fid: try reader.fid(), flags: OpenFlags(rawValue: try reader.u32()))
    case .create:
      self = .create(
        fid: try reader.fid(), name: try reader.name(), flags: OpenFlags(rawValue: try reader.u32()),
        mode: try reader.u32(), gid: try reader.u32())
    case .makeSymbolicLink:
      self = .makeSymbolicLink(
        directory: try reader.fid(), name: try reader.name(), target: try reader.target(),
        gid: try reader.u32())
    case .makeNode:
      self = .makeNode(
        directory: try reader.fid(), name: try reader.name(), mode: try reader.u32(), major: try reader.u32(),
        minor: try reader.u32(), gid: try reader.u32())
    case .rename:
      self = .rename(fid: try reader.fid(), directory: try reader.fid(), name: try reader.name())
    case .readLink:
      self = .readLink(fid: try reader.fid())
    case .getAttributes:
      self = .getAttributes(fid: try reader.fid(), fields: FileAttributes.Fields(rawValue: try reader.u64()))
    case .setAttributes:
      self = .setAttributes(fid: try reader.fid(), change: try reader.attributeChange())
    case .walkExtendedAttribute:
      self = .walkExtendedAttribute(
        fid: try reader.fid(), newFid: try reader.fid(), name: try reader.attributeNameOrNone())
    case .createExtendedAttribute:
      self = .createExtendedAttribute(
        fid: try reader.fid(), name: try reader.attributeName(), size: try reader.u64(),
        flags: ExtendedAttributeFlags(rawValue: try reader.u32()))
    case .readDirectory:
      self = .readDirectory(fid: try reader.fid(), offset: try reader.u64(), count: try reader.u32())
    case .synchronize:
      // Old clients leave the second field out.
      let fid = try reader.fid()
      self = .synchronize(fid: fid, dataOnly: reader.rest.isEmpty ? false : try reader.u32() != 0)
    case .lock:
      let (fid, kind, flags) = (try reader.fid(), try reader.lockKind(), Lock.Flags(rawValue: try reader.u32()))
      self = .lock(fid: fid, flags: flags, lock: try reader.lock(kind))
    case .getLock:
      let (fid, kind) = (try reader.fid(), try reader.lockKind())
      self = .getLock(fid: fid, lock: try reader.lock(kind))
    case .link:
      self = .link(directory: try reader.fid(), fid: try reader.fid(), name: try reader.name())
    case .makeDirectory:
      self = .makeDirectory(
        directory: try reader.fid(), name: try reader.name(), mode: try reader.u32(), gid: try reader.u32())
    case .renameAt:
      self = .renameAt(
        oldDirectory: try reader.fid(), oldName: try reader.name(), newDirectory: try reader.fid(),
        newName: try reader.name())
    case .unlinkAt:
      self = .unlinkAt(
        directory: try reader.fid(), name: try reader.name(), flags: UnlinkFlags(rawValue: try reader.u32()))
    case .version:
      self = .version(messageSize: try reader.u32(), version: try reader.string())
    case .authenticate:
      self = .authenticate(
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
