import Export
import Linux
import MonitorProtocol
import SystemPackage
import Wire

/// Does what requests about objects ask for.
struct MonitorResponder: ~Copyable {
  private let export: Export
  /// Mounts that are the export's as long as it is served: its root's, and those of several in it.
  private let mounts: [UInt64]
  /// Those of a packet's objects, by their bits, that are known to be the export's.
  private var inside: UInt64 = 0
  private var name = Path()
  private var other = Path()

  init(_ export: consuming Export) throws(Errno) {
    var mounts: [UInt64] = []
    try export.addMounts(to: &mounts)
    self.mounts = mounts
    self.export = export
  }

  /// Answers one request. Its failure is a reply as well.
  ///
  /// - Parameters:
  ///   - type: what the request is.
  ///   - payload: the rest of it.
  ///   - objects: those of its packet.
  ///   - isCut: whether some of these are missing, since this process may have no more descriptors.
  ///   - outbox: takes the reply.
  /// - Returns: false where it is none.
  /// - Throws: where there is no room for the reply.
  mutating func respond(
    to type: MonitorRequestType, _ payload: Span<UInt8>, about objects: borrowing OwnedArray<Descriptor>,
    isCut: Bool, into outbox: inout MonitorOutbox
  ) throws(Errno) -> Bool {
    guard let places = places(payload),
      let request = decode(type, payload.extracting(droppingFirst: ObjectPlaces.size))
    else { return false }
    let last = type.isAboutTwo ? max(places.first, places.second) : places.first
    guard last < objects.count else {
      guard isCut, last < PassedDescriptors.most else { return false }
      try outbox.put(.failed(Errno.tooManyOpenFiles.rawValue))
      return true
    }
    do throws(Errno) {
      try requireInside(places.first, of: objects)
      let second = type.isAboutTwo ? places.second : places.first
      try requireInside(second, of: objects)
      try answer(request, objects[places.first], objects[second], into: &outbox)
    } catch {
      try outbox.put(.failed(error.rawValue))
    }
    return true
  }

  private func places(_ payload: Span<UInt8>) -> ObjectPlaces? {
    do throws(Malformed) {
      return try ObjectPlaces(payload)
    } catch {
      return nil
    }
  }

  /// The next request is of another packet.
  mutating func forgetObjects() { inside = 0 }

  @_lifetime(copy fields)
  private func decode(_ type: MonitorRequestType, _ fields: Span<UInt8>) -> MonitorRequest? {
    do throws(Malformed) {
      return try MonitorRequest(type, fields: fields)
    } catch {
      return nil
    }
  }

  /// An object that somebody else has a descriptor of mustn't be done anything to for him: it must have been found through
  /// this process's own mounts, which nobody else has.
  ///
  /// - Throws: `EXDEV`.
  private mutating func requireInside(_ place: Int, of objects: borrowing OwnedArray<Descriptor>) throws(Errno) {
    guard inside & 1 << UInt64(place) == 0 else { return }
    let found = try objects[place].mountID()
    // Another mount below the export is found by the way that leads there from the export's root.
    if !mounts.contains(found) {
      guard try objects[place].isReachable(on: found) else { throw .improperLink }
    }
    inside |= 1 << UInt64(place)
  }

  /// Does a request, and puts its reply. `second` is the second object of a request about two.
  private mutating func answer(
    _ request: borrowing MonitorRequest, _ object: borrowing Descriptor, _ second: borrowing Descriptor,
    into outbox: inout MonitorOutbox
  ) throws(Errno) {
    switch request {
    case .find(let name):
      try self.name.set(name.bytes)
      return try outbox.put(try export.find(self.name, in: object))
    case .parent:
      var known: RecentFiles? = nil
      return try outbox.put(try export.parent(of: object, known: &known))
    case .open(let flags, let isRoot):
      return try outbox.put(try export.open(object, flags: OpenFlags(rawValue: flags), isRoot: isRoot).take())
    case .create(let name, let flags, let mode, let owner):
      try self.name.set(name.bytes)
      let flags = OpenFlags(rawValue: flags)
      return try outbox.put(
        try export.create(self.name, in: object, flags: flags, mode: mode, as: try Identity(owner)).take())
    case .makeDirectory(let name, let mode, let owner):
      try self.name.set(name.bytes)
      return try outbox.put(
        made: try export.makeDirectory(self.name, in: object, mode: mode, as: try Identity(owner)))
    case .makeNode(let name, let mode, let device, let owner):
      try self.name.set(name.bytes)
      return try outbox.put(
        made: try export.makeNode(self.name, in: object, mode: mode, device: device, as: try Identity(owner)))
    case .makeSymbolicLink(let name, let target, let owner):
      try self.name.set(name.bytes)
      try other.set(target)
      return try outbox.put(
        made: try export.makeSymbolicLink(self.name, in: object, target: other, as: try Identity(owner)))
    case .getAttribute(let name, let size):
      try self.name.set(name)
      return try outbox.putValue(size) { space throws(Errno) in
        try export.attribute(self.name, of: object, into: &space)
      }
    case .listAttributes(let size):
      return try outbox.putValue(size) { space throws(Errno) in try export.attributes(of: object, into: &space) }
    case .link(let name):
      try self.name.set(name.bytes)
      try export.link(object, as: self.name, in: second)
    case .rename(let oldName, let newName):
      try name.set(oldName.bytes)
      try other.set(newName.bytes)
      try export.rename(name, in: object, to: other, in: second)
    case .renameObject(let newName):
      try other.set(newName.bytes)
      try export.rename(object, to: other, in: second)
    case .remove(let name, let isDirectory):
      try self.name.set(name.bytes)
      try export.remove(self.name, in: object, isDirectory: isDirectory)
    case .removeObject:
      try export.remove(object)
    case .change(let change):
      try export.change(object, by: StatusChange(change), isOpen: false)
    case .setAttribute(let name, let value, let flags):
      try self.name.set(name)
      try export.setAttribute(self.name, of: object, to: value, flags: flags)
    case .removeAttribute(let name):
      try self.name.set(name)
      try export.removeAttribute(self.name, of: object)
    }
    try outbox.put(.done)
  }
}

extension Identity {
  fileprivate init(_ owner: MonitorRequest.Owner) throws(Errno) {
    try self.init(uid: owner.uid, gid: owner.gid)
  }
}

extension StatusChange {
  fileprivate init(_ change: MonitorRequest.Change) {
    self.init()
    owner = change.owner.map { ($0.uid, $0.gid) }
    mode = change.mode
    size = change.size
    isRoot = change.isRoot
    times = change.times.map { (Time($0.access), Time($0.modification)) }
  }
}

extension MonitorOutbox {
  /// Puts the status of an object that was made.
  fileprivate mutating func put(made status: FileStatus) throws(Errno) { try put(.status(MonitorStatus(status))) }
}

extension MonitorStatus {
  fileprivate init(_ status: FileStatus) {
    self.init(
      device: status.device, inode: status.inode, mode: status.mode, size: status.size,
      modification: MonitorTime(
        seconds: status.modification.seconds, nanoseconds: status.modification.nanoseconds))
  }
}

extension Time {
  fileprivate init(_ time: MonitorTime) {
    self.init(seconds: time.seconds, nanoseconds: time.nanoseconds)
  }
}
