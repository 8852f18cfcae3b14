package import Wire

/// One reply, as a client reads it: its data and strings still in the receive buffer.
package enum Reply: ~Escapable {
  /// `Rlerror`.
  case error(ErrorNumber)
  /// It was done.
  case empty
  /// What was made or attached to.
  case qid(Qid)
  /// What was opened, and how many bytes are to be read or written at once; 0 leaves it to the client.
  case opened(Qid, unit: UInt32)
  /// What the names led to. Where they are fewer than the names, the walk failed behind them, and there is no new fid.
  case qids(Qids)
  /// What was read: bytes, or what ``DirectoryEntries`` takes apart.
  case data(Span<UInt8>)
  /// How many bytes were written.
  case count(UInt32)
  /// A symbolic link's target: 1 to 4095 bytes, no NUL among them.
  case target(Span<UInt8>)
  /// A file's attributes.
  case attributes(FileAttributes)
  /// What a file system says of itself.
  case fileSystemStatus(FileSystemStatus)
  /// The size of an extended attribute's value, or of the list of their names.
  case size(UInt64)
  /// What became of a lock.
  case lockStatus(Lock.Status)
  /// What keeps a lock from being had.
  case lock(Lock)
  /// The version that the server speaks. ``Version/init(_:)`` reads `version`, any bytes.
  case version(messageSize: UInt32, version: Span<UInt8>)

  /// Decodes what follows a frame's header, to its last byte.
  ///
  /// - Throws: ``Malformed``, whatever the bytes are.
  @_lifetime(copy body)
  package init(_ type: UInt8, body: Span<UInt8>) throws(Malformed) {
    var reader = Reader(body)
    if type == RequestType.errorReply {
      self = .error(ErrorNumber(rawValue: try reader.u32()))
      try reader.end()
      return
    }
    guard let request = RequestType(rawValue: type & ~1), request.reply == type else { throw .unknown }
    switch request.replyForm {
    case .empty:
      self = .empty
    case .qid:
      self = .qid(try reader.qid())
    case .opened:
      self = .opened(try reader.qid(), unit: try reader.u32())
    case .qids:
      let count = try reader.u16()
      self = .qids(try Qids(count: Int(count), packed: reader.rest))
      return
    case .data:
      self = .data(try reader.data())
    case .count:
      self = .count(try reader.u32())
    case .target:
      self = .target(try reader.target())
    case .attributes:
      self = .attributes(try reader.fileAttributes())
    case .fileSystemStatus:
      self = .fileSystemStatus(try reader.fileSystemStatus())
    case .size:
      self = .size(try reader.u64())
    case .lockStatus:
      guard let status = Lock.Status(rawValue: try reader.u8()) else { throw .value }
      self = .lockStatus(status)
    case .lock:
      let kind = try reader.lockKind()
      self = .lock(try reader.lock(kind))
    case .version:
      self = .version(messageSize: try reader.u32(), version: try reader.string())
    }
    try reader.end()
  }
}

extension Reader {
  @_lifetime(self: copy self)
  fileprivate mutating func fileAttributes() throws(Malformed) -> FileAttributes {
    var attributes = FileAttributes()
    attributes.valid = FileAttributes.Fields(rawValue: try u64())
    attributes.qid = try qid()
    attributes.mode = try u32()
    attributes.uid = try u32()
    attributes.gid = try u32()
    attributes.links = try u64()
    attributes.specialDevice = try u64()
    attributes.size = try u64()
    attributes.blockSize = try u64()
    attributes.blocks = try u64()
    attributes.access = try time()
    attributes.modification = try time()
    attributes.change = try time()
    attributes.birth = try time()
    attributes.generation = try u64()
    attributes.dataVersion = try u64()
    return attributes
  }

  @_lifetime(self: copy self)
  fileprivate mutating func fileSystemStatus() throws(Malformed) -> FileSystemStatus {
    var status = FileSystemStatus()
    status.type = try u32()
    status.blockSize = try u32()
    status.blocks = try u64()
    status.freeBlocks = try u64()
    status.availableBlocks = try u64()
    status.files = try u64()
    status.freeFiles = try u64()
    status.identifier = try u64()
    status.nameLength = try u32()
    return status
  }
}
