import Export
import Linux
import NinePProtocol
import Serving
import SystemPackage

// The status of files, and its changes.
extension Session where Files: ~Copyable {
  /// Makes a file's qid. Its path is the inode's number; on another device than the root's it is mixed with the device's,
  /// spread over all bits so that two files hardly ever get the same path.
  func qid(_ status: FileStatus) -> Qid {
    Qid(
      kind: Qid.Kind(status.kind), version: Self.version(status), path: path(device: status.device, inode: status.inode)
    )
  }

  func path(device: UInt64, inode: UInt64) -> UInt64 {
    device == root.device ? inode : inode ^ Self.spread(device)
  }

  /// The last step of SplitMix64.
  private static func spread(_ number: UInt64) -> UInt64 {
    var mixed = number &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// Makes a qid's version, which changes with the contents. It is never 0: Linux caches nothing of such a file.
  private static func version(_ status: FileStatus) -> UInt32 {
    let time = status.modification
    let mixed =
      UInt64(bitPattern: time.seconds) &* 1_000_000_007 &+ UInt64(bitPattern: time.nanoseconds) &+ (status.size << 8)
    let version = UInt32(truncatingIfNeeded: mixed ^ (mixed >> 32))
    return version == 0 ? 1 : version
  }

  func attributes(_ fid: Fid) throws(Errno) -> FileAttributes {
    let handle = try fids.handle(of: fid)
    try fids[handle].requireFile()
    let status = try files.status(of: fids[handle].object.descriptor)
    var attributes = FileAttributes()
    attributes.valid = .basic
    attributes.qid = qid(status)
    attributes.mode = status.mode
    attributes.uid = status.uid
    attributes.gid = status.gid
    attributes.links = status.links
    attributes.specialDevice = status.specialDevice
    attributes.size = status.size
    attributes.blockSize = status.blockSize
    attributes.blocks = status.blocks
    attributes.access = NinePProtocol.Time(status.access)
    attributes.modification = NinePProtocol.Time(status.modification)
    attributes.change = NinePProtocol.Time(status.change)
    return attributes
  }

  func fileSystemStatus(_ fid: Fid) throws(Errno) -> NinePProtocol.FileSystemStatus {
    let handle = try fids.handle(of: fid)
    try fids[handle].requireFile()
    let status = try files.fileSystemStatus(of: fids[handle].object.descriptor)
    var result = NinePProtocol.FileSystemStatus()
    result.type = UInt32(truncatingIfNeeded: status.type)
    result.blockSize = UInt32(clamping: status.blockSize)
    result.blocks = status.blocks
    result.freeBlocks = status.freeBlocks
    result.availableBlocks = status.availableBlocks
    result.files = status.files
    result.freeFiles = status.freeFiles
    let (low, high) = status.identifier
    result.identifier = UInt64(UInt32(bitPattern: low)) | UInt64(UInt32(bitPattern: high)) << 32
    result.nameLength = UInt32(clamping: status.nameLength)
    return result
  }

  func readLink(_ fid: Fid, reply writer: ReplyWriter, into outbox: inout Outbox) throws(Errno) {
    let handle = try fids.handle(of: fid)
    // The kernel fails readlink of another file with ENOENT.
    guard fids[handle].kind == .symbolicLink else { throw .invalidArgument }
    try fids[handle].requireFile()
    let room = MessageSize.target(within: messageSize)
    // A longer target fills one byte more than fits.
    var space = outbox.space(at: Frame.targetOffset, count: room + 1)
    let count = try files.readLink(fids[handle].object.descriptor, into: &space)
    guard count <= room else { throw .fileNameTooLong }
    outbox.put { buffer in writer.target(count: count, into: &buffer) }
  }

  /// Changes one attribute after the other. If one can't be changed, those before it stay changed.
  mutating func setAttributes(_ fid: Fid, to change: AttributeChange) throws(Errno) -> Outcome {
    let handle = try fids.handle(of: fid)
    try fids[handle].requireFile()
    let valid = change.valid
    guard valid != [] else { return .done }
    var wanted = StatusChange()
    // The owner comes first: changing it takes set-id bits away.
    let (uid, gid) = (valid.contains(.uid) ? change.uid : .max, valid.contains(.gid) ? change.gid : .max)
    if uid != .max || gid != .max || valid == .change { wanted.owner = (uid, gid) }
    if valid.contains(.mode) { wanted.mode = change.mode }
    var isOpen = false
    if valid.contains(.size) {
      guard let size = Int64(exactly: change.size) else { throw .fileTooLarge }
      wanted.size = size
      wanted.isRoot = terms.authority.isRoot(fids[handle].user)
      if case .file(_, writes: true) = fids[handle].use { isOpen = true }
    }
    if valid.contains(.access) || valid.contains(.modification) {
      wanted.times = (Linux.Time(change.accessChange), Linux.Time(change.modificationChange))
    }
    return try files.change(fids[handle].object, by: wanted, isOpen: isOpen)
  }
}

extension Qid.Kind {
  init(_ kind: FileKind) {
    switch kind {
    case .directory: self = .directory
    case .symbolicLink: self = .symbolicLink
    case .regular, .other: self = .file
    }
  }
}

extension NinePProtocol.Time {
  fileprivate init(_ time: Linux.Time) {
    self.init(seconds: time.seconds, nanoseconds: UInt64(clamping: time.nanoseconds))
  }
}

extension Linux.Time {
  fileprivate init(_ change: AttributeChange.TimeChange) {
    switch change {
    case .none: self.init(seconds: 0, nanoseconds: Self.unchanged)
    case .now: self.init(seconds: 0, nanoseconds: Self.now)
    case .to(let time): self.init(seconds: time.seconds, nanoseconds: Int64(clamping: time.nanoseconds))
    }
  }
}
