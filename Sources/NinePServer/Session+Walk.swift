import Export
import Linux
import NinePProtocol
import Serving
import SystemPackage
import Wire

// What makes fids, and what ends them.
extension Session where Files: ~Copyable {
  /// Whether there is a fid; the first is an attach's.
  var isAttached: Bool { fids.files.count > 0 }

  /// Makes a fid the root's.
  mutating func attach(
    _ fid: Fid, authentication: Fid, tree: Span<UInt8>, user: UInt32
  ) throws(Errno) -> Qid {
    guard authentication == .none else { throw .invalidArgument }
    try fids.requireFree(fid)
    let root = try root(of: tree)
    let status = try files.status(of: root)
    fids.bind(HeldFile(fid, hold(root), status, user: user))
    return qid(status)
  }

  /// Goes from one fid by names to what will be another.
  mutating func walk(
    _ fid: Fid, _ newFid: Fid, _ names: Names, _ writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    var names = names
    let start = try fids.index(of: fid)
    try fids.files[start].requireFile()
    if newFid == fid { try fids.files[start].requireNamed() } else { try fids.requireFree(newFid) }
    var found = 0
    if names.count == 0 {
      if newFid != fid { try clone(start, to: newFid) }
    } else {
      let all = names.count
      var end: Descriptor? = nil
      var status = root
      var known: RecentFiles? = nil
      let mount = terms.keepsToMount ? try files.mount(of: fids.files[start].object.descriptor) : nil
      while let step = names.next() {
        do throws(Errno) {
          let next: Descriptor
          switch end {
          case .some(let directory): next = try take(step, from: directory, &known)
          case nil: next = try take(step, from: start, &known)
          }
          status = try files.status(of: next)
          try requireMount(of: next, mount)
          known?.insert(status)
          end = consume next
        } catch {
          // What was found is told; the first name's failure is the walk's.
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
        let user = fids.files[start].user
        if newFid == fid { _ = try fids.remove(fid) }
        fids.bind(HeldFile(newFid, hold(end), status, user: user))
      }
    }
    outbox.put { buffer in writer.qids(count: found, into: &buffer) }
  }

  private mutating func take(
    _ step: Names.Step, from start: Int, _ known: inout RecentFiles?
  ) throws(Errno) -> Descriptor {
    switch step {
    case .here:
      try requireDirectory(fids.files[start].kind)
      return try files.duplicate(fids.files[start].object.descriptor)
    case .up:
      try requireDirectory(fids.files[start].kind)
      return try files.parent(of: fids.files[start].object.descriptor, known: &known)
    case .down(let text):
      try name.set(text.bytes)
      return try files.find(name, in: fids.files[start].object.descriptor)
    }
  }

  private mutating func take(
    _ step: Names.Step, from directory: borrowing Descriptor, _ known: inout RecentFiles?
  ) throws(Errno) -> Descriptor {
    switch step {
    case .here:
      try requireDirectory(try files.status(of: directory).kind)
      return try files.duplicate(directory)
    case .up:
      try requireDirectory(try files.status(of: directory).kind)
      return try files.parent(of: directory, known: &known)
    case .down(let text):
      try name.set(text.bytes)
      return try files.find(name, in: directory)
    }
  }

  /// - Parameters:
  ///   - object: what a step has found.
  ///   - mount: the mount that the walk began on, if none may leave it. It is the one that the tree's root is on.
  /// - Throws: `ENODEV` where the object is on another.
  private func requireMount(of object: borrowing Descriptor, _ mount: UInt64?) throws(Errno) {
    if let mount, try files.mount(of: object) != mount { throw .operationNotSupportedByDevice }
  }

  /// - Throws: `ENODEV` where what ``name`` names in a fid's directory is on another mount than that.
  func requireMountOfName(in index: Int) throws(Errno) {
    let mount = try files.mount(of: fids.files[index].object.descriptor)
    do throws(Errno) {
      try requireMount(of: try files.find(name, in: fids.files[index].object.descriptor), mount)
    } catch .noSuchFileOrDirectory {}
  }

  private func requireDirectory(_ kind: FileKind) throws(Errno) {
    guard kind == .directory else { throw .notDirectory }
  }

  /// Makes a fid another's, whether that has a name or is open.
  private mutating func clone(_ index: Int, to newFid: Fid) throws(Errno) {
    let descriptor = try files.duplicate(fids.files[index].object.descriptor)
    fids.bind(HeldFile(newFid, hold(descriptor), like: fids.files[index]))
  }

  /// What a fid holds.
  func hold(_ descriptor: consuming Descriptor) -> HeldDescriptor {
    HeldDescriptor(descriptor, in: files.queue)
  }

  /// Gives a fid up. Whatever this throws, it has gone.
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

  /// Gives a fid up that doesn't say how that went.
  mutating func discard(_ file: borrowing HeldFile) {
    if file.hasLocks { terms.locks.drop(session: number, handle: UInt64(file.fid.rawValue)) }
    switch file.use {
    case .readingAttribute, .writingAttribute: attributeFids -= 1
    case .named, .file, .directory: break
    }
  }
}

extension HeldFile {
  /// The same object, under another fid.
  init(_ fid: Fid, _ object: consuming HeldDescriptor, like other: borrowing HeldFile) {
    self.fid = fid
    self.object = object
    kind = other.kind
    device = other.device
    inode = other.inode
    user = other.user
  }
}
