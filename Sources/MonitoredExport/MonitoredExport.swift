package import Export
package import Linux
import MonitorProtocol
package import SystemPackage
package import Wire

/// An export that a monitor serves: a file system for a worker, which has no privilege.
///
/// The worker holds the objects, so it reads their status, and reads and writes open files, by system calls of its own. The
/// monitor performs the operations that take privilege or change a directory, several at a time.
package struct MonitoredExport: ~Copyable, FileSystem {
  /// The objects, for the operations that this process may perform itself.
  private let own: ExportTree
  private let monitor: Cell<MonitorClient>
  package let queue: PacketQueue?
  private let looksItself: Bool
  private let name: NameBuffer

  /// Makes the export that the monitor at the other end of a socket of packets serves.
  ///
  /// - Parameters:
  ///   - tree: the objects, on the monitor's mounts.
  ///   - monitor: the socket.
  ///   - looksItself: find names by system calls of this process first. A monitor that acts as a certain user must find all of
  ///     them, since that user may lack permission that this process's user has.
  /// - Throws: `ENOMEM`.
  package init(
    _ tree: consuming ExportTree, monitor: consuming Descriptor, looksItself: Bool
  ) throws(Errno) {
    let client = try MonitorClient(adopting: monitor)
    own = tree
    queue = client.queue
    self.monitor = Cell(client)
    self.looksItself = looksItself
    name = NameBuffer()
  }

  package func next() throws(Errno) -> Outcome {
    switch try monitor.with({ monitor throws(Errno) in try monitor.next() }) {
    case .done: return .done
    case .descriptor(let descriptor):
      let status = try own.status(of: descriptor)
      return .opened(OpenedFile(descriptor, status: status))
    case .status(let status): return .made(FileStatus(status))
    case .value: throw .ioError
    }
  }

  package var isLost: Bool { monitor.with { monitor in monitor.isBroken } }

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

  package func find(_ name: Name, in directory: borrowing Descriptor) throws(Errno) -> Descriptor {
    if looksItself {
      do throws(Errno) {
        return try own.find(name, in: directory, buffer: self.name)
      } catch .permissionDenied {}
    }
    return try descriptor(.find(name: name), about: directory)
  }

  package func parent(
    of directory: borrowing Descriptor, known: inout RecentFiles?
  ) throws(Errno) -> Descriptor {
    if looksItself {
      do throws(Errno) {
        return try own.parent(of: directory, known: &known)
      } catch .permissionDenied {}
    }
    return try descriptor(.parent, about: directory)
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

  /// Writes without CAP_FSETID, so the file loses its set-id bits whoever writes.
  package func write(
    _ data: Span<UInt8>, to file: borrowing Descriptor, at offset: UInt64, isRoot: Bool
  ) throws(Errno) -> Int {
    try file.write(data, at: offset)
  }

  /// Asks the monitor for a descriptor, and waits for the reply.
  private func descriptor(
    _ request: borrowing MonitorRequest, about object: borrowing Descriptor
  ) throws(Errno) -> Descriptor {
    var none = MutableSpan<UInt8>()
    let outcome = try monitor.with { monitor throws(Errno) in
      try monitor.call(request, about: object, into: &none)
    }
    guard case .descriptor(let descriptor) = consume outcome else { throw .ioError }
    return descriptor
  }
}

// Operations that the monitor performs.
extension MonitoredExport {
  private func begin(
    _ request: borrowing MonitorRequest, about object: borrowing HeldDescriptor
  ) throws(Errno) -> Outcome {
    try monitor.with { monitor throws(Errno) in try monitor.begin(request, about: object) }
    return .underWay
  }

  package func open(
    _ object: borrowing HeldDescriptor, flags: Linux.OpenFlags, isRoot: Bool
  ) throws(Errno) -> Outcome {
    try begin(.open(flags: flags.rawValue, isRoot: isRoot), about: object)
  }

  package func create(
    _ name: Name, in directory: borrowing HeldDescriptor, flags: Linux.OpenFlags, mode: UInt32,
    as identity: Identity
  ) throws(Errno) -> Outcome {
    try begin(
      .create(name: name, flags: flags.rawValue, mode: mode, owner: MonitorRequest.Owner(identity)), about: directory)
  }

  package func makeDirectory(
    _ name: Name, in directory: borrowing HeldDescriptor, mode: UInt32, as identity: Identity
  ) throws(Errno) -> Outcome {
    try begin(.makeDirectory(name: name, mode: mode, owner: MonitorRequest.Owner(identity)), about: directory)
  }

  package func makeNode(
    _ name: Name, in directory: borrowing HeldDescriptor, mode: UInt32, device: UInt64, as identity: Identity
  ) throws(Errno) -> Outcome {
    try begin(
      .makeNode(name: name, mode: mode, device: device, owner: MonitorRequest.Owner(identity)), about: directory)
  }

  package func makeSymbolicLink(
    _ name: Name, in directory: borrowing HeldDescriptor, target: Span<UInt8>, as identity: Identity
  ) throws(Errno) -> Outcome {
    try begin(
      .makeSymbolicLink(name: name, target: target, owner: MonitorRequest.Owner(identity)), about: directory)
  }

  package func link(
    _ object: borrowing HeldDescriptor, as name: Name, in directory: borrowing HeldDescriptor
  ) throws(Errno) -> Outcome {
    try monitor.with { monitor throws(Errno) in try monitor.begin(.link(name: name), about: object, and: directory) }
    return .underWay
  }

  package func rename(
    _ old: Name, in directory: borrowing HeldDescriptor, to new: Name,
    in other: borrowing HeldDescriptor
  ) throws(Errno) -> Outcome {
    try monitor.with { monitor throws(Errno) in
      try monitor.begin(.rename(oldName: old, newName: new), about: directory, and: other)
    }
    return .underWay
  }

  package func remove(
    _ name: Name, in directory: borrowing HeldDescriptor, isDirectory: Bool
  ) throws(Errno) -> Outcome {
    try begin(.remove(name: name, isDirectory: isDirectory), about: directory)
  }

  package func remove(_ object: borrowing HeldDescriptor) throws(Errno) -> Outcome {
    try begin(.removeObject, about: object)
  }

  package func rename(
    _ object: borrowing HeldDescriptor, to new: Name, in directory: borrowing HeldDescriptor
  ) throws(Errno) -> Outcome {
    try monitor.with { monitor throws(Errno) in
      try monitor.begin(.renameObject(newName: new), about: object, and: directory)
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
    return try begin(.change(rest), about: object)
  }

  package func attribute(
    _ name: Span<UInt8>, of object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try value(.getAttribute(name: name, size: UInt32(clamping: buffer.count)), of: object, into: &buffer)
  }

  package func attributes(
    of object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try value(.listAttributes(size: UInt32(clamping: buffer.count)), of: object, into: &buffer)
  }

  package func setAttribute(
    _ name: Span<UInt8>, of object: borrowing Descriptor, to value: Span<UInt8>, flags: Int32
  ) throws(Errno) {
    var none = MutableSpan<UInt8>()
    _ = try self.value(.setAttribute(name: name, value: value, flags: flags), of: object, into: &none)
  }

  package func removeAttribute(_ name: Span<UInt8>, of object: borrowing Descriptor) throws(Errno) {
    var none = MutableSpan<UInt8>()
    _ = try value(.removeAttribute(name: name), of: object, into: &none)
  }

  private func value(
    _ request: borrowing MonitorRequest, of object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    let outcome = try monitor.with { monitor throws(Errno) in
      try monitor.call(request, about: object, into: &buffer)
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
