import Export
import Linux
import MonitorProtocol
import SystemPackage
import Wire

/// Performs the worker's requests about objects.
struct MonitorResponder: ~Copyable {
  private let export: Export
  /// The mounts that belong to the export as long as it is served: its root's, and those of several roots in it.
  private let mounts: [UInt64]
  /// A bit for each of the packet's objects that is known to belong to the export.
  private var inside: UInt64 = 0

  init(_ export: consuming Export) throws(Errno) {
    var mounts: [UInt64] = []
    try export.addMounts(to: &mounts)
    self.mounts = mounts
    self.export = export
  }

  /// Answers one request. Its failure is a reply as well.
  ///
  /// - Parameters:
  ///   - type: the request's type.
  ///   - payload: the request's places of objects and fields.
  ///   - objects: the objects of its packet.
  ///   - isCut: true if objects are missing, since this process may have no more descriptors.
  ///   - outbox: takes the reply.
  /// - Returns: false if the payload isn't a request.
  /// - Throws: `ENOBUFS` if there is no room for the reply.
  mutating func respond(
    to type: MonitorRequestType, payload: Span<UInt8>, about objects: borrowing OwnedArray<Descriptor>,
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
      try answer(request, about: objects[places.first], and: objects[second], into: &outbox)
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

  /// Forgets the packet's objects.
  mutating func forgetObjects() { inside = 0 }

  @_lifetime(copy fields)
  private func decode(_ type: MonitorRequestType, _ fields: Span<UInt8>) -> MonitorRequest? {
    do throws(Malformed) {
      return try MonitorRequest(type, fields: fields)
    } catch {
      return nil
    }
  }

  /// Checks that an object was found through this process's own mounts, which nobody else has: holding a descriptor doesn't
  /// entitle the worker to act on the object.
  ///
  /// - Throws: `EXDEV` if the object was found through another mount.
  private mutating func requireInside(_ place: Int, of objects: borrowing OwnedArray<Descriptor>) throws(Errno) {
    guard inside & 1 << UInt64(place) == 0 else { return }
    let found = try objects[place].mountID()
    // Another mount below the export is reachable from the export's root.
    if !mounts.contains(found) {
      guard try objects[place].isReachable(on: found) else { throw .improperLink }
    }
    inside |= 1 << UInt64(place)
  }

  /// Performs a request and appends its reply: the one place that leads from each request to its function.
  private mutating func answer(
    _ request: borrowing MonitorRequest, about object: borrowing Descriptor, and second: borrowing Descriptor,
    into outbox: inout MonitorOutbox
  ) throws(Errno) {
    switch request {
    case .find(let name):
      return try outbox.put(try export.find(name, in: object))
    case .parent:
      var known: RecentFiles? = nil
      return try outbox.put(try export.parent(of: object, known: &known))
    case .open(let flags, let isRoot):
      return try outbox.put(try export.open(object, flags: OpenFlags(rawValue: flags), isRoot: isRoot).take())
    case .create(let name, let flags, let mode, let owner):
      let flags = OpenFlags(rawValue: flags)
      return try outbox.put(
        try export.create(name, in: object, flags: flags, mode: mode, as: try Identity(owner)).take())
    case .makeDirectory(let name, let mode, let owner):
      return try outbox.put(
        made: try export.makeDirectory(name, in: object, mode: mode, as: try Identity(owner)))
    case .makeNode(let name, let mode, let device, let owner):
      return try outbox.put(
        made: try export.makeNode(name, in: object, mode: mode, device: device, as: try Identity(owner)))
    case .makeSymbolicLink(let name, let target, let owner):
      return try outbox.put(
        made: try export.makeSymbolicLink(name, in: object, target: target, as: try Identity(owner)))
    case .getAttribute(let name, let size):
      return try outbox.putValue(size) { space throws(Errno) in
        try export.attribute(name, of: object, into: &space)
      }
    case .listAttributes(let size):
      return try outbox.putValue(size) { space throws(Errno) in try export.attributes(of: object, into: &space) }
    case .link(let name):
      try export.link(object, as: name, in: second)
    case .rename(let oldName, let newName):
      try export.rename(oldName, in: object, to: newName, in: second)
    case .renameObject(let newName):
      try export.rename(object, to: newName, in: second)
    case .remove(let name, let isDirectory):
      try export.remove(name, in: object, isDirectory: isDirectory)
    case .removeObject:
      try export.remove(object)
    case .change(let change):
      try export.change(object, by: StatusChange(change), isOpen: false)
    case .setAttribute(let name, let value, let flags):
      try export.setAttribute(name, of: object, to: value, flags: flags)
    case .removeAttribute(let name):
      try export.removeAttribute(name, of: object)
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
  /// Appends a reply with the status of an object that was made.
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
