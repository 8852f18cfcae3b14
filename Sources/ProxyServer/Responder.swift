import Export
import Linux
import ProxyProtocol
import SystemPackage
import Wire

/// Performs requests and encodes the replies.
struct Responder: ~Copyable {
  private let export: PathExport
  // A request names at most two paths. Both live here, NUL-terminated, until the next request.
  private var path = Path()
  private var other = Path()

  init(export: consuming PathExport) {
    self.export = export
  }

  /// Performs the request in a payload, and sends the reply in the form of its type.
  ///
  /// - Throws: the error of sending; failures of the request itself are replies.
  mutating func respond(
    to type: RequestType, payload: Span<UInt8>, through outbox: inout Outbox, on socket: borrowing Descriptor
  ) throws(Errno) {
    let opened: Descriptor?
    do throws(Errno) {
      opened = try answer(try decode(type, payload: payload), into: &outbox)
    } catch {
      outbox.put { Self.failure(error, form: type.replyForm, into: &$0) }
      return try outbox.send(on: socket)
    }
    switch consume opened {
    case nil: try outbox.send(on: socket)
    case .some(let descriptor):
      do throws(Errno) {
        try outbox.send(with: descriptor, on: socket)
      } catch .tooManyReferences {
        outbox.put { Reply.descriptor(-Errno.tooManyReferences.rawValue, into: &$0) }
        try outbox.send(on: socket)
      }
    }
  }

  private static func failure(_ error: Errno, form: ReplyForm, into buffer: inout MutableSpan<UInt8>) -> Int {
    switch form {
    case .descriptor: Reply.descriptor(-error.rawValue, into: &buffer)
    case .status, .response: Reply.status(-error.rawValue, into: &buffer)
    }
  }

  /// - Throws: the errno of the stock helper's unmarshaller for a payload that can't be decoded.
  @_lifetime(copy payload)
  private func decode(_ type: RequestType, payload: Span<UInt8>) throws(Errno) -> Request {
    do throws(Malformed) {
      return try Request(type, payload: payload)
    } catch .truncated {
      throw .noBufferSpace
    } catch {
      throw .invalidArgument
    }
  }

  /// Performs a request and encodes its reply: the one place that leads from each request to its function.
  ///
  /// - Returns: the descriptor that goes with the reply; nil if there is none.
  private mutating func answer(_ request: borrowing Request, into outbox: inout Outbox) throws(Errno) -> Descriptor? {
    switch request {
    case .open(let path, let flags):
      try self.path.set(beneathRoot: path)
      let opened = try export.open(self.path, flags: OpenFlags(rawValue: flags))
      outbox.put { Reply.descriptor(Frame.descriptorFollows, into: &$0) }
      return opened
    case .create(let path, let flags, let mode, let uid, let gid):
      let identity = try Identity(uid: uid, gid: gid)
      try self.path.set(beneathRoot: path)
      let opened = try export.create(self.path, flags: OpenFlags(rawValue: flags), mode: mode, as: identity)
      outbox.put { Reply.descriptor(Frame.descriptorFollows, into: &$0) }
      return opened
    case .status(let path):
      try self.path.set(beneathRoot: path)
      let status = ProxyProtocol.FileStatus(try export.status(of: self.path))
      outbox.put { Reply.fileStatus(status, into: &$0) }
      return nil
    case .fileSystemStatus(let path):
      try self.path.set(beneathRoot: path)
      let status = ProxyProtocol.FileSystemStatus(try export.fileSystemStatus(of: self.path))
      outbox.put { Reply.fileSystemStatus(status, into: &$0) }
      return nil
    case .getVersion(let path):
      try self.path.set(beneathRoot: path)
      let generation = try export.generation(of: self.path)
      outbox.put { Reply.version(generation, into: &$0) }
      return nil
    case .readLink(let path, let size):
      try self.path.set(beneathRoot: path)
      try readLink(size: size, into: &outbox)
      return nil
    case .getAttribute(let path, let name, let size):
      try self.path.set(beneathRoot: path)
      try self.other.set(name)
      try getAttribute(size: size, into: &outbox)
      return nil
    case .listAttributes(let path, let size):
      try self.path.set(beneathRoot: path)
      try listAttributes(size: size, into: &outbox)
      return nil
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
    }
    outbox.put { Reply.status(0, into: &$0) }
    return nil
  }
}

// Values. The kernel writes them straight into the reply, after the place of their length.
extension Responder {
  /// Reads the target of a symbolic link. `size` is that of the peer's buffer, including the NUL that it adds.
  private func readLink(size: Int32, into outbox: inout Outbox) throws(Errno) {
    guard size > 1 else { throw .invalidArgument }
    var space = outbox.valueSpace(min(Int(size) - 1, Reply.maximumValue))
    let count = try export.readLink(path, into: &space)
    outbox.put { Reply.value(count: count, into: &$0) }
  }

  /// Reads an extended attribute.
  ///
  /// - Throws: `ENOBUFS` for a value that the peer has room for but no reply has. The kernel fails with `ERANGE` then, but for a
  ///   bad name as well: asking for the length alone tells them apart.
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

  /// Returns the size in bytes of the kernel's buffer if the peer's is `size`; 0 asks for a length.
  private static func room(for size: Int32) throws(Errno) -> Int {
    guard size >= 0 else { throw .invalidArgument }
    return min(Int(size), Reply.maximumValue)
  }

  /// Encodes the reply for the value in it, or for its length if the peer asked for that.
  private static func putValue(_ count: Int, size: Int32, into outbox: inout Outbox) {
    outbox.put {
      size == 0
        ? Reply.status(Int32(truncatingIfNeeded: count), into: &$0)
        : Reply.value(count: count, into: &$0)
    }
  }
}
