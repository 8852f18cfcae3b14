public import ProxyProtocol

/// What a front end asks of our own helper about objects that it holds, beside what the proxy protocol has for paths.
///
/// A socket of packets (`SOCK_SEQPACKET`) speaks it, where one of a stream speaks the proxy protocol: that is all that
/// needs to be agreed upon. A packet holds one request or several, each a header as ``Frame`` has it, ``ObjectPlaces``
/// and the fields; the objects that they are about go with the packet as descriptors. They are answered in their order, by
/// one packet of ``MonitorReply`` or several.
public enum MonitorRequest: ~Escapable {
  /// What has this name in a directory, not opened: answered with a descriptor that names it.
  case find(name: Span<UInt8>)
  /// The directory above one: answered with a descriptor that names it.
  case parent
  /// Opens a regular file or directory, with flags of `open(2)`: answered with a descriptor.
  case open(flags: Int32, byRoot: Bool)
  /// Makes a regular file, or opens the one that is there: answered with a descriptor.
  case create(name: Span<UInt8>, flags: Int32, mode: UInt32, owner: Owner)
  /// Makes a directory: answered with its status.
  case makeDirectory(name: Span<UInt8>, mode: UInt32, owner: Owner)
  /// Makes what the type bits of `mode` say: answered with its status.
  case makeNode(name: Span<UInt8>, mode: UInt32, device: UInt64, owner: Owner)
  /// Makes a symbolic link: answered with its status.
  case makeSymbolicLink(name: Span<UInt8>, target: Span<UInt8>, owner: Owner)
  /// Gives an object, the first descriptor, a name in a directory, the second.
  case link(name: Span<UInt8>)
  /// Renames, from the first directory to the second.
  case rename(old: Span<UInt8>, new: Span<UInt8>)
  /// Removes a name.
  case remove(name: Span<UInt8>, isDirectory: Bool)
  /// Changes what an object is.
  case change(Change)
  /// Asks for an extended attribute of at most `size` bytes: answered with a value.
  case getAttribute(name: Span<UInt8>, size: UInt32)
  /// Asks for the names of all: answered with a value.
  case listAttributes(size: UInt32)
  /// Sets one, with flags of `setxattr(2)`.
  case setAttribute(name: Span<UInt8>, value: Span<UInt8>, flags: Int32)
  /// Removes one.
  case removeAttribute(name: Span<UInt8>)
  /// Removes the name that an object was found by.
  case removeObject
  /// Gives what an object, the first descriptor, was found by another name in a directory, the second.
  case renameObject(new: Span<UInt8>)

  /// Whose what is made will be.
  public struct Owner: Equatable, Sendable {
    /// The user.
    public let uid: UInt32
    /// The group.
    public let gid: UInt32

    /// An owner of these two.
    public init(uid: UInt32, gid: UInt32) {
      self.uid = uid
      self.gid = gid
    }
  }

  /// What becomes of an object, in this order; nil leaves it as it is.
  public struct Change: Equatable, Sendable {
    /// `UInt32.max` leaves either as it is.
    public var owner: Owner?
    /// Permission bits.
    public var mode: UInt32?
    /// Bytes. `byRoot` says that set-id bits stay.
    public var size: Int64?
    /// Whether a guest's root does it.
    public var byRoot = false
    /// The last access and the last change of the contents.
    public var times: Times?

    /// No change.
    public init() {}

    /// Both times, as `utimensat(2)` takes them.
    public struct Times: Equatable, Sendable {
      /// The last access.
      public let access: Request.Time
      /// The last change of the contents.
      public let modification: Request.Time

      /// These two.
      public init(access: Request.Time, modification: Request.Time) {
        self.access = access
        self.modification = modification
      }
    }
  }

  /// Decodes what follows ``ObjectPlaces``, to its last byte.
  ///
  /// - Throws: ``Malformed``, also for a name that isn't one.
  @_lifetime(copy payload)
  public init(_ type: MonitorRequestType, payload: Span<UInt8>) throws(Malformed) {
    var reader = Reader(payload)
    switch type {
    case .find: self = .find(name: try reader.name())
    case .parent: self = .parent
    case .open: self = .open(flags: try reader.i32(), byRoot: try reader.flag())
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
      self = .makeSymbolicLink(name: try reader.name(), target: try reader.bytes(), owner: owner)
    case .link: self = .link(name: try reader.name())
    case .rename: self = .rename(old: try reader.name(), new: try reader.name())
    case .remove:
      let isDirectory = try reader.flag()
      self = .remove(name: try reader.name(), isDirectory: isDirectory)
    case .change: self = .change(try reader.change())
    case .getAttribute:
      let size = try reader.u32()
      self = .getAttribute(name: try reader.bytes(), size: size)
    case .listAttributes: self = .listAttributes(size: try reader.u32())
    case .setAttribute:
      let (flags, name) = (try reader.i32(), try reader.bytes())
      self = .setAttribute(name: name, value: reader.remainder(), flags: flags)
    case .removeAttribute: self = .removeAttribute(name: try reader.bytes())
    case .removeObject: self = .removeObject
    case .renameObject: self = .renameObject(new: try reader.name())
    }
    try reader.end()
  }
}

/// The requests about objects, by their number on the wire; the proxy protocol's end at 21.
public enum MonitorRequestType: UInt32, CaseIterable, Sendable {
  case find = 64
  case parent, open, create, makeDirectory, makeNode, makeSymbolicLink, link, rename, remove, change
  case getAttribute, listAttributes, setAttribute, removeAttribute
  case removeObject, renameObject

  /// Whether a request is about two objects.
  public var isAboutTwo: Bool { self == .link || self == .rename || self == .renameObject }
}

/// Which of a packet's descriptors a request is about.
public struct ObjectPlaces: Equatable, Sendable {
  /// Bytes on the wire.
  public static let size = 4

  /// Where it stands among the packet's descriptors.
  public let first: Int
  /// The same for a request about two, and of no meaning to others.
  public let second: Int

  /// These two, less than 65536.
  public init(first: Int, second: Int = 0) {
    self.first = first
    self.second = second
  }

  /// Takes it off the front of a payload.
  ///
  /// - Throws: ``Malformed/truncated``.
  public init(_ payload: Span<UInt8>) throws(Malformed) {
    var reader = Reader(payload)
    first = Int(try reader.u16())
    second = Int(try reader.u16())
  }
}

extension Reader {
  /// A name in a directory: not empty, no slash, neither `.` nor `..`.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  fileprivate mutating func name() throws(Malformed) -> Span<UInt8> {
    let name = try bytes()
    guard name.count > 0 else { throw .name }
    for index in name.indices where name[index] == 0 || name[index] == UInt8(ascii: "/") { throw .name }
    let dot = UInt8(ascii: ".")
    if name[0] == dot, name.count == 1 || name.count == 2 && name[1] == dot { throw .name }
    return name
  }

  @_lifetime(self: copy self)
  fileprivate mutating func flag() throws(Malformed) -> Bool { try u32() != 0 }

  @_lifetime(self: copy self)
  fileprivate mutating func owner() throws(Malformed) -> MonitorRequest.Owner {
    MonitorRequest.Owner(uid: try u32(), gid: try u32())
  }

  @_lifetime(self: copy self)
  fileprivate mutating func change() throws(Malformed) -> MonitorRequest.Change {
    let given = try u32()
    var change = MonitorRequest.Change()
    let owner = try owner()
    let mode = try u32()
    let size = try i64()
    let access = Request.Time(seconds: try i64(), nanoseconds: try i64())
    let modification = Request.Time(seconds: try i64(), nanoseconds: try i64())
    if given & MonitorRequest.Change.ownerBit != 0 { change.owner = owner }
    if given & MonitorRequest.Change.modeBit != 0 { change.mode = mode }
    if given & MonitorRequest.Change.sizeBit != 0 { change.size = size }
    if given & MonitorRequest.Change.timesBit != 0 {
      change.times = MonitorRequest.Change.Times(access: access, modification: modification)
    }
    change.byRoot = given & MonitorRequest.Change.byRootBit != 0
    return change
  }
}

extension MonitorRequest.Change {
  static let ownerBit: UInt32 = 1
  static let modeBit: UInt32 = 2
  static let sizeBit: UInt32 = 4
  static let timesBit: UInt32 = 8
  static let byRootBit: UInt32 = 16
}
