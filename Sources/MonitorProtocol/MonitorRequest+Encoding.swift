public import ProxyProtocol

extension MonitorRequest {
  /// The request's number on the wire.
  public var type: MonitorRequestType {
    switch self {
    case .find: .find
    case .parent: .parent
    case .open: .open
    case .create: .create
    case .makeDirectory: .makeDirectory
    case .makeNode: .makeNode
    case .makeSymbolicLink: .makeSymbolicLink
    case .link: .link
    case .rename: .rename
    case .remove: .remove
    case .change: .change
    case .getAttribute: .getAttribute
    case .listAttributes: .listAttributes
    case .setAttribute: .setAttribute
    case .removeAttribute: .removeAttribute
    case .removeObject: .removeObject
    case .renameObject: .renameObject
    }
  }

  /// Puts the request at the front of `buffer`.
  ///
  /// - Returns: its bytes, the header among them.
  /// - Throws: ``Malformed/length`` where there isn't room for it, or a name is longer than the wire can say.
  public func encode(_ places: ObjectPlaces, into buffer: inout MutableSpan<UInt8>) throws(Malformed) -> Int {
    var end = Frame.headerSize + ObjectPlaces.size
    switch self {
    case .parent, .removeObject: break
    case .find(let name), .link(let name), .removeAttribute(let name), .renameObject(let name):
      try buffer.append(field: name, &end)
    case .open(let flags, let byRoot):
      try buffer.append(UInt32(bitPattern: flags), &end)
      try buffer.append(flag: byRoot, &end)
    case .create(let name, let flags, let mode, let owner):
      try buffer.append(UInt32(bitPattern: flags), &end)
      try buffer.append(mode, &end)
      try buffer.append(owner, &end)
      try buffer.append(field: name, &end)
    case .makeDirectory(let name, let mode, let owner):
      try buffer.append(mode, &end)
      try buffer.append(owner, &end)
      try buffer.append(field: name, &end)
    case .makeNode(let name, let mode, let device, let owner):
      try buffer.append(mode, &end)
      try buffer.append(device, &end)
      try buffer.append(owner, &end)
      try buffer.append(field: name, &end)
    case .makeSymbolicLink(let name, let target, let owner):
      try buffer.append(owner, &end)
      try buffer.append(field: name, &end)
      try buffer.append(field: target, &end)
    case .rename(let old, let new):
      try buffer.append(field: old, &end)
      try buffer.append(field: new, &end)
    case .remove(let name, let isDirectory):
      try buffer.append(flag: isDirectory, &end)
      try buffer.append(field: name, &end)
    case .change(let change):
      try buffer.append(change, &end)
    case .getAttribute(let name, let size):
      try buffer.append(size, &end)
      try buffer.append(field: name, &end)
    case .listAttributes(let size):
      try buffer.append(size, &end)
    case .setAttribute(let name, let value, let flags):
      try buffer.append(UInt32(bitPattern: flags), &end)
      try buffer.append(field: name, &end)
      try buffer.append(bytes: value, &end)
    }
    var start = 0
    try buffer.append(type.rawValue, &start)
    try buffer.append(UInt32(truncatingIfNeeded: end - Frame.headerSize), &start)
    try buffer.append(UInt32(truncatingIfNeeded: places.first | places.second << 16), &start)
    return end
  }
}

extension MutableSpan where Element == UInt8 {
  mutating func append(bytes: Span<UInt8>, _ end: inout Int) throws(Malformed) {
    guard bytes.count <= count - end else { throw .length }
    for index in bytes.indices { self[end + index] = bytes[index] }
    end += bytes.count
  }

  fileprivate mutating func append(field: Span<UInt8>, _ end: inout Int) throws(Malformed) {
    guard let length = UInt16(exactly: field.count), count - end >= 2 else { throw .length }
    self[end] = UInt8(truncatingIfNeeded: length)
    self[end + 1] = UInt8(truncatingIfNeeded: length >> 8)
    end += 2
    try append(bytes: field, &end)
  }

  mutating func append(_ value: UInt32, _ end: inout Int) throws(Malformed) {
    guard count - end >= 4 else { throw .length }
    for index in 0..<4 { self[end + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
    end += 4
  }

  fileprivate mutating func append(flag: Bool, _ end: inout Int) throws(Malformed) {
    try append(flag ? UInt32(1) : UInt32(0), &end)
  }

  mutating func append(_ value: UInt64, _ end: inout Int) throws(Malformed) {
    try append(UInt32(truncatingIfNeeded: value), &end)
    try append(UInt32(truncatingIfNeeded: value >> 32), &end)
  }

  fileprivate mutating func append(_ owner: MonitorRequest.Owner, _ end: inout Int) throws(Malformed) {
    try append(owner.uid, &end)
    try append(owner.gid, &end)
  }

  fileprivate mutating func append(_ time: Request.Time, _ end: inout Int) throws(Malformed) {
    try append(UInt64(bitPattern: time.seconds), &end)
    try append(UInt64(bitPattern: time.nanoseconds), &end)
  }

  fileprivate mutating func append(_ change: MonitorRequest.Change, _ end: inout Int) throws(Malformed) {
    var given: UInt32 = 0
    if change.owner != nil { given |= MonitorRequest.Change.ownerBit }
    if change.mode != nil { given |= MonitorRequest.Change.modeBit }
    if change.size != nil { given |= MonitorRequest.Change.sizeBit }
    if change.times != nil { given |= MonitorRequest.Change.timesBit }
    if change.byRoot { given |= MonitorRequest.Change.byRootBit }
    let none = Request.Time(seconds: 0, nanoseconds: 0)
    try append(given, &end)
    try append(change.owner ?? MonitorRequest.Owner(uid: 0, gid: 0), &end)
    try append(change.mode ?? 0, &end)
    try append(UInt64(bitPattern: change.size ?? 0), &end)
    try append(change.times?.access ?? none, &end)
    try append(change.times?.modification ?? none, &end)
  }
}
