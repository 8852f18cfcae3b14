public import Wire

/// A reply as a client reads it, its data and strings still in the receive buffer.
public enum Reply: ~Escapable {
  /// `Rlerror`.
  case error(ErrorNumber)
  /// A reply without fields: the request was done.
  case empty
  /// The qid of a file that was made or attached to.
  case qid(Qid)
  /// `Rlopen` or `Rlcreate`. `unit` bytes are read or written at once; 0 leaves it to the client.
  case opened(Qid, unit: UInt32)
  /// `Rwalk`: the qids of the names that were found. If they are fewer than the names, there is no new fid.
  case qids(Qids)
  /// `Rread`, or `Rreaddir`, whose data ``DirectoryEntries`` decodes.
  case data(Span<UInt8>)
  /// `Rwrite`: the number of bytes written.
  case count(UInt32)
  /// `Rreadlink`: the target of a symbolic link, 1 to 4095 bytes without NUL.
  case target(Span<UInt8>)
  /// `Rgetattr`: the attributes of a file.
  case attributes(FileAttributes)
  /// `Rstatfs`: the status of a file system.
  case fileSystemStatus(FileSystemStatus)
  /// `Rxattrwalk`: the size of an extended attribute's value, or of the list of names.
  case size(UInt64)
  /// `Rlock`: the outcome of a lock.
  case lockStatus(Lock.Status)
  /// `Rgetlock`: a lock that conflicts.
  case lock(Lock)
  /// `Rversion`: the version that the server speaks. `version` may be any bytes; ``Version/init(_:)`` reads them.
  case version(messageSize: UInt32, version: Span<UInt8>)

  /// Decodes the body of a frame, to its last byte.
  ///
  /// - Throws: ``Malformed``, whatever the bytes are.
  @_lifetime(copy body)
  public init(_ type: UInt8, body: Span<UInt8>) throws(Malformed) {
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
