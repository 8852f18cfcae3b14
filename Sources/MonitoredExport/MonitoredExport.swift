package import Export
package import Linux
import MonitorProtocol
package import SystemPackage
import Wire

/// An export that a helper serves: a file system for a process that has no privilege.
///
/// It holds its objects itself, so that looking at them, and reading and writing what is open, are its own system calls.
/// What takes privilege, or changes a directory, it has the helper do, several things at a time.
package struct MonitoredExport: ~Copyable, FileSystem {
  /// The export as far as this process may use it.
  private let own: ExportTree
  private let helper: Cell<MonitorClient>
  package let queue: PacketQueue?
  private let looksItself: Bool

  /// The export that the helper at the other end of a socket of packets serves.
  ///
  /// - Parameters:
  ///   - tree: its objects, by the helper's mounts.
  ///   - helper: the socket.
  ///   - looksItself: whether to go by names oneself where one may. A helper that acts as a certain user must do it all, since
  ///     that user may be kept from what this process's isn't.
  /// - Throws: what keeps the thread's identity from being known, or `ENOMEM`.
  package init(
    _ tree: consuming ExportTree, helper: consuming Descriptor, looksItself: Bool
  ) throws(Errno) {
    let client = try MonitorClient(adopting: helper)
    own = tree
    queue = client.queue
    self.helper = Cell(client)
    self.looksItself = looksItself
  }

  package func next() throws(Errno) -> Outcome {
    switch try helper.with({ helper throws(Errno) in try helper.next() }) {
    case .done: return .done
    case .descriptor(let descriptor):
      let status = try own.status(of: descriptor)
      return .opened(OpenedFile(descriptor, status: status))
    case .status(let status): return .made(FileStatus(status))
    case .value: throw .ioError
    }
  }

  package var isLost: Bool { helper.with { helper in helper.isBroken } }

  package func root() throws(Errno) -> Descriptor { try own.root() }

  package func root(of index: Int) throws(Errno) -> Descriptor { try own.root(of: index) }

  package func duplicate(_ object: borrowing Descriptor) throws(Errno) -> Descriptor { try object.duplicate() }

  package func close(_ file: consuming HeldDescriptor) throws(Errno) { try file.close() }

  package func list(
    _ directory: borrowing Descriptor, from cookie: UInt64?, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try own.list(directory, from: cookie, into: &buffer) { directory throws(Errno) in
      var known: RecentFiles? = nil
      return try parent(of: directory, known: &known)
    }
  }

  package func find(_ name: borrowing Path, in directory: borrowing Descriptor) throws(Errno) -> Descriptor {
    if looksItself {
      do throws(Errno) {
        return try own.find(name, in: directory)
      } catch .permissionDenied {}
    }
    return try descriptor(.find(name: try Name(name)), directory)
  }

  package func parent(
    of directory: borrowing Descriptor, known: inout RecentFiles?
  ) throws(Errno) -> Descriptor {
    if looksItself {
      do throws(Errno) {
        return try own.parent(of: directory, known: &known)
      } catch .permissionDenied {}
    }
    return try descriptor(.parent, directory)
  }

  package func status(of object: borrowing Descriptor) throws(Errno) -> Linux.FileStatus {
    try own.status(of: object)
  }

  package func mount(of object: borrowing Descriptor) throws(Errno) -> UInt64 {
    try own.mount(of: object)
  }

  package func fileSystemStatus(of object: borrowing Descriptor) throws(Errno) -> Linux.FileSystemStatus {
    try own.fileSystemStatus(of: object)
  }

  package func readLink(_ object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    try own.readLink(object, into: &buffer)
  }

  package func read(
    _ file: borrowing Descriptor, at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try own.read(file, at: offset, into: &buffer)
  }

  /// Without CAP_FSETID, so that set-id bits go whoever writes.
  package func write(
    _ data: Span<UInt8>, to file: borrowing Descriptor, at offset: UInt64, isRoot: Bool
  ) throws(Errno) -> Int {
    try file.write(data, at: offset)
  }

  /// Has the helper find something, and waits for it.
  private func descriptor(
    _ request: borrowing MonitorRequest, _ object: borrowing Descriptor
  ) throws(Errno) -> Descriptor {
    var none = MutableSpan<UInt8>()
    let outcome = try helper.with { helper throws(Errno) in
      try helper.call(request, object, into: &none)
    }
    guard case .descriptor(let descriptor) = consume outcome else { throw .ioError }
    return descriptor
  }
}

// What the helper does.
extension MonitoredExport {
  private func begin(
    _ request: borrowing MonitorRequest, _ object: borrowing HeldDescriptor
  ) throws(Errno) -> Outcome {
    try helper.with { helper throws(Errno) in try helper.begin(request, object) }
    return .underWay
  }

  package func open(
    _ object: borrowing HeldDescriptor, flags: Linux.OpenFlags, isRoot: Bool
  ) throws(Errno) -> Outcome {
    try begin(.open(flags: flags.rawValue, isRoot: isRoot), object)
  }

  package func create(
    _ name: borrowing Path, in directory: borrowing HeldDescriptor, flags: Linux.OpenFlags, mode: UInt32,
    as identity: Identity
  ) throws(Errno) -> Outcome {
    try begin(
      .create(name: try Name(name), flags: flags.rawValue, mode: mode, owner: MonitorRequest.Owner(identity)), directory
    )
  }

  package func makeDirectory(
    _ name: borrowing Path, in directory: borrowing HeldDescriptor, mode: UInt32, as identity: Identity
  ) throws(Errno) -> Outcome {
    try begin(.makeDirectory(name: try Name(name), mode: mode, owner: MonitorRequest.Owner(identity)), directory)
  }

  package func makeNode(
    _ name: borrowing Path, in directory: borrowing HeldDescriptor, mode: UInt32, device: UInt64, as identity: Identity
  ) throws(Errno) -> Outcome {
    try begin(
      .makeNode(name: try Name(name), mode: mode, device: device, owner: MonitorRequest.Owner(identity)), directory)
  }

  package func makeSymbolicLink(
    _ name: borrowing Path, in directory: borrowing HeldDescriptor, target: borrowing Path, as identity: Identity
  ) throws(Errno) -> Outcome {
    try begin(
      .makeSymbolicLink(name: try Name(name), target: target.bytes, owner: MonitorRequest.Owner(identity)), directory)
  }

  package func link(
    _ object: borrowing HeldDescriptor, as name: borrowing Path, in directory: borrowing HeldDescriptor
  ) throws(Errno) -> Outcome {
    try helper.with { helper throws(Errno) in try helper.begin(.link(name: try Name(name)), object, directory) }
    return .underWay
  }

  package func rename(
    _ old: borrowing Path, in directory: borrowing HeldDescriptor, to new: borrowing Path,
    in other: borrowing HeldDescriptor
  ) throws(Errno) -> Outcome {
    try helper.with { helper throws(Errno) in
      try helper.begin(.rename(oldName: try Name(old), newName: try Name(new)), directory, other)
    }
    return .underWay
  }

  package func remove(
    _ name: borrowing Path, in directory: borrowing HeldDescriptor, isDirectory: Bool
  ) throws(Errno) -> Outcome {
    try begin(.remove(name: try Name(name), isDirectory: isDirectory), directory)
  }

  package func remove(_ object: borrowing HeldDescriptor) throws(Errno) -> Outcome {
    try begin(.removeObject, object)
  }

  package func rename(
    _ object: borrowing HeldDescriptor, to new: borrowing Path, in directory: borrowing HeldDescriptor
  ) throws(Errno) -> Outcome {
    try helper.with { helper throws(Errno) in try helper.begin(.renameObject(newName: try Name(new)), object, directory)
    }
    return .underWay
  }

  package func change(
    _ object: borrowing HeldDescriptor, by change: StatusChange, isOpen: Bool
  ) throws(Errno) -> Outcome {
    var rest = MonitorRequest.Change()
    rest.owner = change.owner.map { MonitorRequest.Owner(uid: $0.uid, gid: $0.gid) }
    rest.mode = change.mode
    rest.times = change.times.map {
      MonitorRequest.Change.Times(access: MonitorTime($0.access), modification: MonitorTime($0.modification))
    }
    if let size = change.size {
      if isOpen {
        try object.descriptor.ftruncate(to: size)
        if rest == MonitorRequest.Change() { return .done }
      } else {
        rest.size = size
        rest.isRoot = change.isRoot
      }
    }
    return try begin(.change(rest), object)
  }

  package func attribute(
    _ name: borrowing Path, of object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try value(.getAttribute(name: name.bytes, size: UInt32(clamping: buffer.count)), of: object, into: &buffer)
  }

  package func attributes(
    of object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try value(.listAttributes(size: UInt32(clamping: buffer.count)), of: object, into: &buffer)
  }

  package func setAttribute(
    _ name: borrowing Path, of object: borrowing Descriptor, to value: Span<UInt8>, flags: Int32
  ) throws(Errno) {
    var none = MutableSpan<UInt8>()
    _ = try self.value(.setAttribute(name: name.bytes, value: value, flags: flags), of: object, into: &none)
  }

  package func removeAttribute(_ name: borrowing Path, of object: borrowing Descriptor) throws(Errno) {
    var none = MutableSpan<UInt8>()
    _ = try value(.removeAttribute(name: name.bytes), of: object, into: &none)
  }

  private func value(
    _ request: borrowing MonitorRequest, of object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    let outcome = try helper.with { helper throws(Errno) in
      try helper.call(request, object, into: &buffer)
    }
    guard case .value(let count) = consume outcome else { return 0 }
    return count
  }
}

extension MonitorRequest.Owner {
  fileprivate init(_ identity: Identity) {
    self.init(uid: identity.uid, gid: identity.gid)
  }
}

extension MonitorTime {
  fileprivate init(_ time: Time) {
    self.init(seconds: time.seconds, nanoseconds: time.nanoseconds)
  }
}

extension FileStatus {
  fileprivate init(_ status: MonitorStatus) {
    self.init()
    device = status.device
    inode = status.inode
    mode = status.mode
    size = status.size
    modification = Time(seconds: status.modification.seconds, nanoseconds: status.modification.nanoseconds)
  }
}

extension Name {
  /// Takes a name that was checked when it was decoded back out of a path.
  @_lifetime(borrow path)
  fileprivate init(_ path: borrowing Path) throws(Errno) {
    do throws(Fault) {
      try self.init(path.bytes)
    } catch .tooLong {
      throw .fileNameTooLong
    } catch {
      throw .invalidArgument
    }
  }
}
