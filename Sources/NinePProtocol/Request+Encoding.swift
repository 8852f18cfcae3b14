extension Request {
  /// The request's number on the wire.
  public var type: RequestType {
    switch self {
    case .fileSystemStatus: .fileSystemStatus
    case .open: .open
    case .create: .create
    case .makeSymbolicLink: .makeSymbolicLink
    case .makeNode: .makeNode
    case .rename: .rename
    case .readLink: .readLink
    case .getAttributes: .getAttributes
    case .setAttributes: .setAttributes
    case .walkExtendedAttribute: .walkExtendedAttribute
    case .createExtendedAttribute: .createExtendedAttribute
    case .readDirectory: .readDirectory
    case .synchronize: .synchronize
    case .lock: .lock
    case .getLock: .getLock
    case .link: .link
    case .makeDirectory: .makeDirectory
    case .renameAt: .renameAt
    case .unlinkAt: .unlinkAt
    case .version: .version
    case .authenticate: .authenticate
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
    guard frame.count >= Frame.headerSize else { throw .length }
    var end = Frame.headerSize
    try encodeBody(into: &frame, &end)
    guard let size = UInt32(exactly: end) else { throw .length }
    frame.store(FrameHeader(size: size, type: type.rawValue, tag: tag))
    return end
  }

  private func encodeBody(into frame: inout MutableSpan<UInt8>, _ end: inout Int) throws(Malformed) {
    switch self {
    case .fileSystemStatus(let fid), .readLink(let fid), .clunk(let fid), .remove(let fid):
      try frame.append(fid, &end)
    case .open(let fid, let flags):
      try frame.append(fid, &end)
      try frame.append(flags.rawValue, &end)
    case .create(let fid, let name, let flags, let mode, let gid):
      try frame.append(fid, &end)
      try frame.append(name, &end)
      try frame.append(flags.rawValue, &end)
      try frame.append(mode, &end)
      try frame.append(gid, &end)
    case .makeSymbolicLink(let directory, let name, let target, let gid):
      try frame.append(directory, &end)
      try frame.append(name, &end)
      try frame.append(target, &end)
      try frame.append(gid, &end)
    case .makeNode(let directory, let name, let mode, let major, let minor, let gid):
      try frame.append(directory, &end)
      try frame.append(name, &end)
      try frame.append(mode, &end)
      try frame.append(major, &end)
      try frame.append(minor, &end)
      try frame.append(gid, &end)
    case .rename(let fid, let directory, let name):
      try frame.append(fid, &end)
      try frame.append(directory, &end)
      try frame.append(name, &end)
    case .getAttributes(let fid, let fields):
      try frame.append(fid, &end)
      try frame.append(fields.rawValue, &end)
    case .setAttributes(let fid, let change):
      try frame.append(fid, &end)
      try frame.append(change, &end)
    case .walkExtendedAttribute(let fid, let newFid, let name):
      try frame.append(fid, &end)
      try frame.append(newFid, &end)
      try frame.append(name, &end)
    case .createExtendedAttribute(let fid, let name, let size, let flags):
      try frame.append(fid, &end)
      try frame.append(name, &end)
      try frame.append(size, &end)
      try frame.append(flags.rawValue, &end)
    case .readDirectory(let fid, let offset, let count), .read(let fid, let offset, let count):
      try frame.append(fid, &end)
      try frame.append(offset, &end)
      try frame.append(count, &end)
    case .synchronize(let fid, let dataOnly):
      try frame.append(fid, &end)
      try frame.append(UInt32(dataOnly ? 1 : 0), &end)
    case .lock(let fid, let flags, let lock):
      try frame.append(fid, &end)
      try frame.append(lock.kind.rawValue, &end)
      try frame.append(flags.rawValue, &end)
      try frame.append(lock, &end)
    case .getLock(let fid, let lock):
      try frame.append(fid, &end)
      try frame.append(lock.kind.rawValue, &end)
      try frame.append(lock, &end)
    case .link(let directory, let fid, let name):
      try frame.append(directory, &end)
      try frame.append(fid, &end)
      try frame.append(name, &end)
    case .makeDirectory(let directory, let name, let mode, let gid):
      try frame.append(directory, &end)
      try frame.append(name, &end)
      try frame.append(mode, &end)
      try frame.append(gid, &end)
    case .renameAt(let oldDirectory, let oldName, let newDirectory, let newName):
      try frame.append(oldDirectory, &end)
      try frame.append(oldName, &end)
      try frame.append(newDirectory, &end)
      try frame.append(newName, &end)
    case .unlinkAt(let directory, let name, let flags):
      try frame.append(directory, &end)
      try frame.append(name, &end)
      try frame.append(flags.rawValue, &end)
    case .version(let messageSize, let version):
      try frame.append(messageSize, &end)
      try frame.append(version, &end)
    case .authenticate(let fid, let userName, let tree, let user):
      try frame.append(fid, &end)
      try frame.append(userName, &end)
      try frame.append(tree, &end)
      try frame.append(user, &end)
    case .attach(let fid, let authentication, let userName, let tree, let user):
      try frame.append(fid, &end)
      try frame.append(authentication, &end)
      try frame.append(userName, &end)
      try frame.append(tree, &end)
      try frame.append(user, &end)
    case .flush(let oldTag):
      try frame.append(oldTag.rawValue, &end)
    case .walk(let fid, let newFid, let names):
      try frame.append(fid, &end)
      try frame.append(newFid, &end)
      try frame.append(UInt16(truncatingIfNeeded: names.count), &end)
      try frame.appendRaw(names.packed, &end)
    case .write(let fid, let offset, let data):
      guard let count = UInt32(exactly: data.count) else { throw .length }
      try frame.append(fid, &end)
      try frame.append(offset, &end)
      try frame.append(count, &end)
      try frame.appendRaw(data, &end)
    }
  }
}

extension MutableSpan where Element == UInt8 {
  fileprivate mutating func append(_ change: AttributeChange, _ end: inout Int) throws(Malformed) {
    try append(change.valid.rawValue, &end)
    try append(change.mode, &end)
    try append(change.uid, &end)
    try append(change.gid, &end)
    try append(change.size, &end)
    try append(change.access, &end)
    try append(change.modification, &end)
  }
}
