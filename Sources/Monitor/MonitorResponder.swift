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

  init(_ export: consuming Export, mounts count: Int) throws(Errno) {
    var mounts = [try export.root.mountID()]
    for index in 0..<count {
      try name.set(number: index)
      mounts.append(try export.find(name, in: export.root).mountID())
    }
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
      let kind = try object.status().kind
      return try outbox.put(try export.open(object, kind: kind, OpenFlags(rawValue: flags), isRoot: isRoot))
    case .create(let name, let flags, let mode, let owner):
      try self.name.set(name.bytes)
      // Without these a link in its place would be followed, and something else than a new file opened.
      let flags = OpenFlags(rawValue: flags) | .create | .noFollow
      return try outbox.put(
        try export.create(in: object, self.name, flags, mode: mode & 0o7777, as: try Identity(owner)))
    case .makeDirectory(let name, let mode, let owner):
      try self.name.set(name.bytes)
      try export.makeDirectory(in: object, self.name, mode: mode & 0o7777, as: try Identity(owner))
      return try putMade(in: object, into: &outbox)
    case .makeNode(let name, let mode, let device, let owner):
      try self.name.set(name.bytes)
      try export.makeNode(in: object, self.name, mode: mode & 0o177777, device: device, as: try Identity(owner))
      return try putMade(in: object, into: &outbox)
    case .makeSymbolicLink(let name, let target, let owner):
      try self.name.set(name.bytes)
      try other.set(target)
      try export.makeSymbolicLink(in: object, self.name, target: other, as: try Identity(owner))
      return try putMade(in: object, into: &outbox)
    case .getAttribute(let name, let size):
      try self.name.set(name)
      return try outbox.putValue(size) { space throws(Errno) in
        try export.attribute(of: object, name: self.name, into: &space)
      }
    case .listAttributes(let size):
      return try outbox.putValue(size) { space throws(Errno) in try export.attributes(of: object, into: &space) }
    case .link(let name):
      try self.name.set(name.bytes)
      try export.link(object, into: second, self.name)
    case .rename(let oldName, let newName):
      try name.set(oldName.bytes)
      try other.set(newName.bytes)
      try export.rename(in: object, name, to: second, other)
    case .renameObject(let newName):
      try other.set(newName.bytes)
      try export.rename(object, to: second, other)
    case .remove(let name, let isDirectory):
      try self.name.set(name.bytes)
      try export.remove(self.name, in: object, isDirectory: isDirectory)
    case .removeObject:
      try export.remove(object)
    case .change(let change):
      try export.change(object, StatusChange(change), isOpen: false)
    case .setAttribute(let name, let value, let flags):
      try self.name.set(name)
      try export.setAttribute(of: object, name: self.name, to: value, flags: flags)
    case .removeAttribute(let name):
      try self.name.set(name)
      try export.removeAttribute(of: object, name: self.name)
    }
    try outbox.put(.done)
  }

  /// What ``name`` is now.
  private func putMade(in directory: borrowing Descriptor, into outbox: inout MonitorOutbox) throws(Errno) {
    try outbox.put(.status(MonitorStatus(try export.status(in: directory, name))))
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
    mode = change.mode.map { $0 & 0o7777 }
    size = change.size
    isRoot = change.isRoot
    times = change.times.map { (Time($0.access), Time($0.modification)) }
  }
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
