extension Request {
  /// The request's number on the wire.
  public var type: RequestType {
    switch self {
    case .open: .open
    case .create: .create
    case .makeNode: .makeNode
    case .makeDirectory: .makeDirectory
    case .makeSymbolicLink: .makeSymbolicLink
    case .link: .link
    case .status: .status
    case .readLink: .readLink
    case .fileSystemStatus: .fileSystemStatus
    case .changeMode: .changeMode
    case .changeOwner: .changeOwner
    case .truncate: .truncate
    case .setTimes: .setTimes
    case .rename: .rename
    case .remove: .remove
    case .getAttribute: .getAttribute
    case .listAttributes: .listAttributes
    case .setAttribute: .setAttribute
    case .removeAttribute: .removeAttribute
    case .getVersion: .getVersion
    }
  }

  /// Makes `frame` this request's whole frame. Paths are written as given, without a NUL of ours.
  ///
  /// - Throws: ``Malformed/length`` where a field or the payload exceeds what the wire can say; `frame` is undefined then.
  public func encode(into frame: inout [UInt8]) throws(Malformed) {
    frame.removeAll(keepingCapacity: true)
    frame.append(type.rawValue)
    frame.append(UInt32(0))
    switch self {
    case .open(let path, let flags):
      try frame.append(path)
      frame.append(flags)
    case .create(let path, let flags, let mode, let uid, let gid):
      try frame.append(path)
      frame.append(flags)
      frame.append(mode)
      frame.append(uid)
      frame.append(gid)
    case .makeNode(let path, let mode, let device, let uid, let gid):
      frame.append(uid)
      frame.append(gid)
      try frame.append(path)
      frame.append(mode)
      frame.append(device)
    case .makeDirectory(let path, let mode, let uid, let gid):
      frame.append(uid)
      frame.append(gid)
      try frame.append(path)
      frame.append(mode)
    case .makeSymbolicLink(let target, let path, let uid, let gid):
      frame.append(uid)
      frame.append(gid)
      try frame.append(target)
      try frame.append(path)
    case .link(let old, let new), .rename(let old, let new):
      try frame.append(old)
      try frame.append(new)
    case .status(let path), .fileSystemStatus(let path), .remove(let path), .getVersion(let path):
      try frame.append(path)
    case .readLink(let path, let size):
      try frame.append(path)
      frame.append(size)
    case .changeMode(let path, let mode):
      try frame.append(path)
      frame.append(mode)
    case .changeOwner(let path, let uid, let gid):
      try frame.append(path)
      frame.append(uid)
      frame.append(gid)
    case .truncate(let path, let size):
      try frame.append(path)
      frame.append(size)
    case .setTimes(let path, let access, let modification):
      try frame.append(path)
      frame.append(access.seconds)
      frame.append(access.nanoseconds)
      frame.append(modification.seconds)
      frame.append(modification.nanoseconds)
    case .getAttribute(let path, let name, let size):
      frame.append(size)
      try frame.append(path)
      try frame.append(name)
    case .listAttributes(let path, let size):
      frame.append(size)
      try frame.append(path)
    case .setAttribute(let path, let name, let value, let flags):
      try frame.append(path)
      try frame.append(name)
      try frame.append(value)
      frame.append(Int32(truncatingIfNeeded: value.count))
      frame.append(flags)
    case .removeAttribute(let path, let name):
      try frame.append(path)
      try frame.append(name)
    }
    let size = frame.count - Frame.headerSize
    guard size <= Frame.maximumPayload else { throw .length }
    for index in 0..<4 { frame[4 + index] = UInt8(truncatingIfNeeded: UInt32(size).littleEndian >> (8 * index)) }
  }
}

extension [UInt8] {
  fileprivate mutating func append<Integer: FixedWidthInteger>(_ value: Integer) {
    let value = value.littleEndian
    for index in 0..<(Integer.bitWidth / 8) { append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
  }

  fileprivate mutating func append(_ field: Span<UInt8>) throws(Malformed) {
    guard let count = UInt16(exactly: field.count) else { throw .length }
    append(count)
    for index in field.indices { append(field[index]) }
  }
}
