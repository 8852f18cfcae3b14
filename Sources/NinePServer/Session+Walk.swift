import Export
import Linux
import NinePProtocol
import Serving
import SystemPackage
import Wire

// Binding and removing fids.
extension Session where Files: ~Copyable {
  /// True if a fid is in use; the first is bound by an attach.
  var isAttached: Bool { fids.count > 0 }

  /// Binds a fid to the root of a tree.
  mutating func attach(
    _ fid: Fid, authentication: Fid, tree: Span<UInt8>, user: UInt32
  ) throws(Errno) -> Qid {
    guard authentication == .none else { throw .invalidArgument }
    try fids.requireFree(fid)
    let root = try root(of: tree)
    let status = try files.status(of: root)
    fids.bind(HeldFile(fid, object: hold(root), status: status, user: user))
    return qid(status)
  }

  /// Walks the names from a fid's file, and binds `newFid` to the object that the last one leads to.
  mutating func walk(
    _ fid: Fid, to newFid: Fid, names: Names, reply writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    var names = names
    let start = try fids.handle(of: fid)
    try fids[start].requireFile()
    if newFid == fid { try fids[start].requireNamed() } else { try fids.requireFree(newFid) }
    var found = 0
    if names.count == 0 {
      if newFid != fid { try clone(start, to: newFid) }
    } else {
      let all = names.count
      var end: Descriptor? = nil
      var status = root
      var known: RecentFiles? = nil
      let mount = terms.keepsToMount ? try files.mount(of: fids[start].object.descriptor) : nil
      while let step = names.next() {
        do throws(Errno) {
          let next: Descriptor
          switch end {
          case .some(let directory): next = try take(step, from: directory, known: &known)
          case nil: next = try take(step, from: start, known: &known)
          }
          status = try files.status(of: next)
          try requireMount(mount, of: next)
          known?.insert(status)
          end = consume next
        } catch {
          // A walk fails only if its first name does. Otherwise it reports the names that it found.
          guard found > 0, !files.isLost else { throw error }
          break
        }
        let qid = qid(status)
        outbox.put { buffer in
          ReplyWriter.put(qid, at: found, into: &buffer)
          return 0
        }
        found += 1
      }
      if found == all, let end = end.take() {
        let user = fids[start].user
        if newFid == fid { _ = try fids.remove(fid) }
        fids.bind(HeldFile(newFid, object: hold(end), status: status, user: user))
      }
    }
    outbox.put { buffer in writer.qids(count: found, into: &buffer) }
  }

  private mutating func take(
    _ step: Names.Step, from start: FidTable.Handle, known: inout RecentFiles?
  ) throws(Errno) -> Descriptor {
    switch step {
    case .here:
      try requireDirectory(fids[start].kind)
      return try files.duplicate(fids[start].object.descriptor)
    case .up:
      try requireDirectory(fids[start].kind)
      return try files.parent(of: fids[start].object.descriptor, known: &known)
    case .down(let name):
      return try files.find(name, in: fids[start].object.descriptor)
    }
  }

  private mutating func take(
    _ step: Names.Step, from directory: borrowing Descriptor, known: inout RecentFiles?
  ) throws(Errno) -> Descriptor {
    switch step {
    case .here:
      try requireDirectory(try files.status(of: directory).kind)
      return try files.duplicate(directory)
    case .up:
      try requireDirectory(try files.status(of: directory).kind)
      return try files.parent(of: directory, known: &known)
    case .down(let name):
      return try files.find(name, in: directory)
    }
  }

  /// Checks that an object is on a mount.
  ///
  /// - Parameters:
  ///   - mount: the mount that the walk began on, which is the tree's root's; nil if walks may leave it.
  ///   - object: an object that a step has found.
  /// - Throws: `ENODEV` if the object is on another.
  private func requireMount(_ mount: UInt64?, of object: borrowing Descriptor) throws(Errno) {
    if let mount, try files.mount(of: object) != mount { throw .operationNotSupportedByDevice }
  }

  /// Checks that the entry with this name in a fid's directory, if there is one, is on the directory's mount.
  ///
  /// - Throws: `ENODEV` if it is on another.
  func requireMount(of name: Name, in handle: FidTable.Handle) throws(Errno) {
    let mount = try files.mount(of: fids[handle].object.descriptor)
    do throws(Errno) {
      try requireMount(mount, of: try files.find(name, in: fids[handle].object.descriptor))
    } catch .noSuchFileOrDirectory {}
  }

  private func requireDirectory(_ kind: FileKind) throws(Errno) {
    guard kind == .directory else { throw .notDirectory }
  }

  /// Binds `newFid` to the object of another fid, which may be open.
  private mutating func clone(_ handle: FidTable.Handle, to newFid: Fid) throws(Errno) {
    let descriptor = try files.duplicate(fids[handle].object.descriptor)
    fids.bind(HeldFile(newFid, object: hold(descriptor), like: fids[handle]))
  }

  /// Takes a descriptor that a fid is to hold.
  func hold(_ descriptor: consuming Descriptor) -> HeldDescriptor {
    HeldDescriptor(descriptor, in: files.queue)
  }

  /// Removes a fid, even if this throws.
  mutating func clunk(_ fid: Fid) throws(Errno) {
    var file = try fids.remove(fid)
    if file.hasLocks { terms.locks.drop(session: number, handle: UInt64(fid.rawValue)) }
    switch file.use {
    case .named, .directory: break
    case .file:
      try files.close(file.object)
    case .readingAttribute:
      attributeFids -= 1
    case .writingAttribute:
      attributeFids -= 1
      guard let attribute = file.attribute.take() else { return }
      try setAttribute(attribute, of: file.object.descriptor)
    }
  }

  /// Drops the locks of a removed fid, and counts its attribute value out. Errors of closing aren't reported.
  mutating func discard(_ file: borrowing HeldFile) {
    if file.hasLocks { terms.locks.drop(session: number, handle: UInt64(file.fid.rawValue)) }
    switch file.use {
    case .readingAttribute, .writingAttribute: attributeFids -= 1
    case .named, .file, .directory: break
    }
  }
}

extension HeldFile {
  /// Creates a file of the same object for another fid.
  init(_ fid: Fid, object: consuming HeldDescriptor, like other: borrowing HeldFile) {
    self.fid = fid
    self.object = object
    kind = other.kind
    device = other.device
    inode = other.inode
    user = other.user
  }
}
