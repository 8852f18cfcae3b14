import Export
import Linux
import ProxyProtocol
import SystemPackage
import Wire

/// Does what requests ask for, and puts the replies together.
struct Responder: ~Copyable {
  private let export: PathExport
  // A request names at most two paths. Both live here, NUL-terminated, until the next request.
  private var path = Path()
  private var other = Path()

  init(export: consuming PathExport) {
    self.export = export
  }

  /// Does what a payload asks for, and sends the reply in the form that its type wants.
  ///
  /// - Throws: what sending throws; failures of the request itself are replies.
  mutating func respond(
    to type: RequestType, _ payload: Span<UInt8>, through outbox: inout Outbox, on socket: borrowing Descriptor
  ) throws(Errno) {
    switch type.replyForm {
    case .descriptor:
      let opened: Descriptor
      do throws(Errno) {
        opened = try open(try decode(type, payload))
      } catch {
        outbox.put { Reply.descriptor(-error.rawValue, into: &$0) }
        return try outbox.send(on: socket)
      }
      outbox.put { Reply.descriptor(Frame.descriptorFollows, into: &$0) }
      do throws(Errno) {
        try outbox.send(with: opened, on: socket)
      } catch .tooManyReferences {
        outbox.put { Reply.descriptor(-Errno.tooManyReferences.rawValue, into: &$0) }
        try outbox.send(on: socket)
      }
    case .status, .response:
      do throws(Errno) {
        try answer(try decode(type, payload), into: &outbox)
      } catch {
        outbox.put { Reply.status(-error.rawValue, into: &$0) }
      }
      try outbox.send(on: socket)
    }
  }

  /// - Throws: the errno that stands for a payload which can't be decoded, as the original's unmarshaller has them.
  @_lifetime(copy payload)
  private func decode(_ type: RequestType, _ payload: Span<UInt8>) throws(Errno) -> Request {
    do throws(Malformed) {
      return try Request(type, payload: payload)
    } catch .truncated {
      throw .noBufferSpace
    } catch {
      throw .invalidArgument
    }
  }

  /// The requests that are answered with a descriptor.
  private mutating func open(_ request: borrowing Request) throws(Errno) -> Descriptor {
    switch request {
    case .open(let path, let flags):
      try self.path.set(beneathRoot: path)
      return try export.open(self.path, flags: OpenFlags(rawValue: flags))
    case .create(let path, let flags, let mode, let uid, let gid):
      let identity = try Identity(uid: uid, gid: gid)
      try self.path.set(beneathRoot: path)
      return try export.create(self.path, flags: OpenFlags(rawValue: flags), mode: mode, as: identity)
    default:
      throw .invalidArgument
    }
  }

  /// The requests that are answered with a frame.
  private mutating func answer(_ request: borrowing Request, into outbox: inout Outbox) throws(Errno) {
    switch request {
    case .status(let path):
      try self.path.set(beneathRoot: path)
      let status = ProxyProtocol.FileStatus(try export.status(of: self.path))
      outbox.put { Reply.fileStatus(status, into: &$0) }
    case .fileSystemStatus(let path):
      try self.path.set(beneathRoot: path)
      let status = ProxyProtocol.FileSystemStatus(try export.fileSystemStatus(of: self.path))
      outbox.put { Reply.fileSystemStatus(status, into: &$0) }
    case .getVersion(let path):
      try self.path.set(beneathRoot: path)
      let generation = try export.generation(of: self.path)
      outbox.put { Reply.version(generation, into: &$0) }
    case .readLink(let path, let size):
      try self.path.set(beneathRoot: path)
      try readLink(size: size, into: &outbox)
    case .getAttribute(let path, let name, let size):
      try self.path.set(beneathRoot: path)
      try self.other.set(name)
      try getAttribute(size: size, into: &outbox)
    case .listAttributes(let path, let size):
      try self.path.set(beneathRoot: path)
      try listAttributes(size: size, into: &outbox)
    default:
      try change(request)
      outbox.put { Reply.status(0, into: &$0) }
    }
  }

  /// The requests whose answer is that they succeeded.
  private mutating func change(_ request: borrowing Request) throws(Errno) {
    switch request {
    case .makeNode(let path, let mode, let device, let uid, let gid):
      let identity = try Identity(uid: uid, gid: gid)
      try self.path.set(beneathRoot: path)
      try export.makeNode(self.path, mode: mode, device: device, as: identity)
    case .makeDirectory(let path, let mode, let uid, let gid):
      let identity = try Identity(uid: uid, gid: gid)
      try self.path.set(beneathRoot: path)
      try export.makeDirectory(self.path, mode: mode, as: identity)
    case .makeSymbolicLink(let target, let path, let uid, let gid):
      let identity = try Identity(uid: uid, gid: gid)
      try self.path.set(beneathRoot: path)
      try self.other.set(target)
      try export.makeSymbolicLink(self.path, target: self.other, as: identity)
    case .link(let old, let new):
      try self.path.set(beneathRoot: old)
      try self.other.set(beneathRoot: new)
      try export.link(self.path, to: self.other)
    case .rename(let old, let new):
      try self.path.set(beneathRoot: old)
      try self.other.set(beneathRoot: new)
      try export.rename(self.path, to: self.other)
    case .remove(let path):
      try self.path.set(beneathRoot: path)
      // What the kernel says of "/"; it would call "." malformed.
      guard !self.path.isRoot else { throw .resourceBusy }
      try export.remove(self.path)
    case .changeMode(let path, let mode):
      try self.path.set(beneathRoot: path)
      try export.changeMode(self.path, to: mode)
    case .changeOwner(let path, let uid, let gid):
      try self.path.set(beneathRoot: path)
      try export.changeOwner(self.path, uid: uid, gid: gid)
    case .truncate(let path, let size):
      try self.path.set(beneathRoot: path)
      try export.truncate(self.path, to: size)
    case .setTimes(let path, let access, let modification):
      try self.path.set(beneathRoot: path)
      try export.setTimes(
        self.path, access: Linux.Time(access), modification: Linux.Time(modification))
    case .setAttribute(let path, let name, let value, let flags):
      try self.path.set(beneathRoot: path)
      try self.other.set(name)
      try export.setAttribute(self.other, of: self.path, to: value, flags: flags)
    case .removeAttribute(let path, let name):
      try self.path.set(beneathRoot: path)
      try self.other.set(name)
      try export.removeAttribute(self.other, of: self.path)
    default:
      throw .invalidArgument
    }
  }
}

// Values: the kernel writes them straight into the reply, behind the place of their length.
extension Responder {
  /// `size` is that of the peer's buffer, with the NUL that it adds.
  private func readLink(size: Int32, into outbox: inout Outbox) throws(Errno) {
    guard size > 1 else { throw .invalidArgument }
    var space = outbox.valueSpace(min(Int(size) - 1, Reply.maximumValue))
    let count = try export.readLink(path, into: &space)
    outbox.put { Reply.value(count: count, into: &$0) }
  }

  /// What the peer has room for but no reply has is `ENOBUFS`. The kernel says `ERANGE` of that, but of a bad name too:
  /// asked for the length alone it tells which.
  private func getAttribute(size: Int32, into outbox: inout Outbox) throws(Errno) {
    let room = try Self.room(for: size)
    do throws(Errno) {
      var space = outbox.valueSpace(room)
      let count = try export.attribute(other, of: path, into: &space)
      Self.putValue(count, size: size, into: &outbox)
    } catch .outOfRange where Int(size) > room {
      var nothing = outbox.valueSpace(0)
      _ = try export.attribute(other, of: path, into: &nothing)
      throw .noBufferSpace
    }
  }

  private func listAttributes(size: Int32, into outbox: inout Outbox) throws(Errno) {
    let room = try Self.room(for: size)
    do throws(Errno) {
      var space = outbox.valueSpace(room)
      let count = try export.attributes(of: path, into: &space)
      Self.putValue(count, size: size, into: &outbox)
    } catch .outOfRange where Int(size) > room {
      throw .noBufferSpace
    }
  }

  /// Bytes to offer the kernel where the peer offers `size`; 0 asks for a length.
  private static func room(for size: Int32) throws(Errno) -> Int {
    guard size >= 0 else { throw .invalidArgument }
    return min(Int(size), Reply.maximumValue)
  }

  /// The value that stands in the reply, or where none was asked for its length alone.
  private static func putValue(_ count: Int, size: Int32, into outbox: inout Outbox) {
    outbox.put {
      size == 0
        ? Reply.status(Int32(truncatingIfNeeded: count), into: &$0)
        : Reply.value(count: count, into: &$0)
    }
  }
}
