public import Wire

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
    var none = MutableSpan<UInt8>()
    var measure = Writer(&none, at: Frame.headerSize)
    write(into: &measure)
    let size = try measure.measure() - Frame.headerSize
    guard size <= Frame.maximumPayload else { throw .length }
    frame.removeAll(keepingCapacity: true)
    frame.append(contentsOf: repeatElement(0, count: Frame.headerSize + size))
    var room = frame.mutableSpan
    var writer = Writer(&room)
    writer.header(FrameHeader(type: type.rawValue, size: UInt32(size)))
    write(into: &writer)
  }

  /// Writes the fields of the payload.
  private func write(into writer: inout Writer) {
    switch self {
    case .open(let path, let flags):
      writer.string(path)
      writer.i32(flags)
    case .create(let path, let flags, let mode, let uid, let gid):
      writer.string(path)
      writer.i32(flags)
      writer.u32(mode)
      writer.u32(uid)
      writer.u32(gid)
    case .makeNode(let path, let mode, let device, let uid, let gid):
      writer.u32(uid)
      writer.u32(gid)
      writer.string(path)
      writer.u32(mode)
      writer.u64(device)
    case .makeDirectory(let path, let mode, let uid, let gid):
      writer.u32(uid)
      writer.u32(gid)
      writer.string(path)
      writer.u32(mode)
    case .makeSymbolicLink(let target, let path, let uid, let gid):
      writer.u32(uid)
      writer.u32(gid)
      writer.string(target)
      writer.string(path)
    case .link(let old, let new), .rename(let old, let new):
      writer.string(old)
      writer.string(new)
    case .status(let path), .fileSystemStatus(let path), .remove(let path), .getVersion(let path):
      writer.string(path)
    case .readLink(let path, let size):
      writer.string(path)
      writer.i32(size)
    case .changeMode(let path, let mode):
      writer.string(path)
      writer.u32(mode)
    case .changeOwner(let path, let uid, let gid):
      writer.string(path)
      writer.u32(uid)
      writer.u32(gid)
    case .truncate(let path, let size):
      writer.string(path)
      writer.i64(size)
    case .setTimes(let path, let access, let modification):
      writer.string(path)
      writer.time(access)
      writer.time(modification)
    case .getAttribute(let path, let name, let size):
      writer.i32(size)
      writer.string(path)
      writer.string(name)
    case .listAttributes(let path, let size):
      writer.i32(size)
      writer.string(path)
    case .setAttribute(let path, let name, let value, let flags):
      writer.string(path)
      writer.string(name)
      writer.string(value)
      writer.i32(Int32(truncatingIfNeeded: value.count))
      writer.i32(flags)
    case .removeAttribute(let path, let name):
      writer.string(path)
      writer.string(name)
    }
  }
}
