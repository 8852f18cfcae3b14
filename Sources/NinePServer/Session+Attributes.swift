import Export
import Linux
import NinePProtocol
import Serving
import SystemPackage

// What files are, and what changes that.
extension Session where Files: ~Copyable {
  /// What a file is called by: its inode's number, and for files of other devices than the root's also that device's,
  /// spread over all bits so that two files hardly ever get the same.
  func qid(_ status: FileStatus) -> Qid {
    Qid(kind: Qid.Kind(status.kind), version: Self.version(status), path: path(status.device, status.inode))
  }

  func path(_ device: UInt64, _ inode: UInt64) -> UInt64 {
    device == root.device ? inode : inode ^ Self.spread(device)
  }

  /// The last step of SplitMix64.
  private static func spread(_ number: UInt64) -> UInt64 {
    var mixed = number &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// Another one where the contents are others. It is never 0, with which Linux caches nothing.
  private static func version(_ status: FileStatus) -> UInt32 {
    let time = status.modification
    let mixed =
      UInt64(bitPattern: time.seconds) &* 1_000_000_007 &+ UInt64(bitPattern: time.nanoseconds) &+ (status.size << 8)
    let version = UInt32(truncatingIfNeeded: mixed ^ (mixed >> 32))
    return version == 0 ? 1 : version
  }

  func attributes(_ fid: Fid) throws(Errno) -> FileAttributes {
    let index = try fids.index(of: fid)
    try fids.files[index].requireFile()
    let status = try files.status(of: fids.files[index].object.descriptor)
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
    let index = try fids.index(of: fid)
    try fids.files[index].requireFile()
    let status = try files.fileSystemStatus(of: fids.files[index].object.descriptor)
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

  func readLink(_ fid: Fid, _ writer: ReplyWriter, into outbox: inout Outbox) throws(Errno) {
    let index = try fids.index(of: fid)
    // Asking the kernel for another file's would say ENOENT.
    guard fids.files[index].kind == .symbolicLink else { throw .invalidArgument }
    try fids.files[index].requireFile()
    let room = MessageSize.target(within: messageSize)
    // One byte more than fits tells of a longer target.
    var space = outbox.space(at: Frame.targetOffset, room + 1)
    let count = try files.readLink(fids.files[index].object.descriptor, into: &space)
    guard count <= room else { throw .fileNameTooLong }
    outbox.put { buffer in writer.target(count: count, into: &buffer) }
  }

  /// Changes one attribute after the other. Where one can't be changed, those before it are.
  mutating func setAttributes(_ fid: Fid, _ change: AttributeChange) throws(Errno) -> Outcome {
    let index = try fids.index(of: fid)
    try fids.files[index].requireFile()
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
      wanted.isRoot = terms.authority.isRoot(fids.files[index].user)
      if case .file(_, writes: true) = fids.files[index].use { isOpen = true }
    }
    if valid.contains(.access) || valid.contains(.modification) {
      wanted.times = (Linux.Time(change.accessChange), Linux.Time(change.modificationChange))
    }
    return try files.change(fids.files[index].object, by: wanted, isOpen: isOpen)
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
