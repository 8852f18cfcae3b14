public import Wire

extension MonitorRequest {
  /// Decodes the fields of a request, which are all of `fields`.
  ///
  /// - Throws: ``Malformed``, whatever the bytes are.
  @_lifetime(copy fields)
  public init(_ type: MonitorRequestType, fields: Span<UInt8>) throws(Malformed) {
    var reader = Reader(fields)
    switch type {
    case .find: self = .find(name: try reader.name())
    case .parent: self = .parent
    case .open: self = .open(flags: try reader.i32(), isRoot: try reader.flag())
    case .create:
      let (flags, mode, owner) = (try reader.i32(), try reader.u32(), try reader.owner())
      self = .create(name: try reader.name(), flags: flags, mode: mode, owner: owner)
    case .makeDirectory:
      let (mode, owner) = (try reader.u32(), try reader.owner())
      self = .makeDirectory(name: try reader.name(), mode: mode, owner: owner)
    case .makeNode:
      let (mode, device, owner) = (try reader.u32(), try reader.u64(), try reader.owner())
      self = .makeNode(name: try reader.name(), mode: mode, device: device, owner: owner)
    case .makeSymbolicLink:
      let owner = try reader.owner()
      self = .makeSymbolicLink(name: try reader.name(), target: try reader.string(), owner: owner)
    case .link: self = .link(name: try reader.name())
    case .rename: self = .rename(oldName: try reader.name(), newName: try reader.name())
    case .remove:
      let isDirectory = try reader.flag()
      self = .remove(name: try reader.name(), isDirectory: isDirectory)
    case .change: self = .change(try reader.change())
    case .getAttribute:
      let size = try reader.u32()
      self = .getAttribute(name: try reader.string(), size: size)
    case .listAttributes: self = .listAttributes(size: try reader.u32())
    case .setAttribute:
      let (flags, name) = (try reader.i32(), try reader.string())
      self = .setAttribute(name: name, value: reader.remainder(), flags: flags)
    case .removeAttribute: self = .removeAttribute(name: try reader.string())
    case .removeObject: self = .removeObject
    case .renameObject: self = .renameObject(newName: try reader.name())
    }
    try reader.end()
  }

  private func writeFields(into writer: inout Writer) {
    switch self {
    case .find(let name): writer.name(name)
    case .parent: break
    case .open(let flags, let isRoot):
      writer.i32(flags)
      writer.flag(isRoot)
    case .create(let name, let flags, let mode, let owner):
      writer.i32(flags)
      writer.u32(mode)
      writer.owner(owner)
      writer.name(name)
    case .makeDirectory(let name, let mode, let owner):
      writer.u32(mode)
      writer.owner(owner)
      writer.name(name)
    case .makeNode(let name, let mode, let device, let owner):
      writer.u32(mode)
      writer.u64(device)
      writer.owner(owner)
      writer.name(name)
    case .makeSymbolicLink(let name, let target, let owner):
      writer.owner(owner)
      writer.name(name)
      writer.string(target)
    case .link(let name): writer.name(name)
    case .rename(let oldName, let newName):
      writer.name(oldName)
      writer.name(newName)
    case .remove(let name, let isDirectory):
      writer.flag(isDirectory)
      writer.name(name)
    case .change(let change): writer.change(change)
    case .getAttribute(let name, let size):
      writer.u32(size)
      writer.string(name)
    case .listAttributes(let size): writer.u32(size)
    case .setAttribute(let name, let value, let flags):
      writer.i32(flags)
      writer.string(name)
      writer.bytes(value)
    case .removeAttribute(let name): writer.string(name)
    case .removeObject: break
    case .renameObject(let newName): writer.name(newName)
    }
  }

  /// Encodes the request at the front of `buffer`, its header included, and returns its size.
  ///
  /// - Throws: ``Malformed/length`` when the buffer is too small, or a field is longer than its length can say.
  public func encode(_ places: ObjectPlaces, into buffer: inout MutableSpan<UInt8>) throws(Malformed) -> Int {
    let end = try write(places, into: &buffer)
    try MonitorHeader.put(type.rawValue, end: end, into: &buffer)
    return end
  }

  private func write(_ places: ObjectPlaces, into buffer: inout MutableSpan<UInt8>) throws(Malformed) -> Int {
    var writer = Writer(&buffer, at: MonitorHeader.size)
    places.write(into: &writer)
    writeFields(into: &writer)
    return try writer.finish()
  }

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
}
