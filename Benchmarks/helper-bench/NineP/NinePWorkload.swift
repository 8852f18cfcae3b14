import NinePProtocol

/// What is done again and again, by each of several lanes at once.
struct NinePWorkload: Sendable {
  let name: String
  /// Operations that a cycle counts as.
  let unitsPerCycle: Int
  /// What each lane has a fid of the whole time.
  let held: Held?
  /// The requests of a cycle, for the lane with this tag.
  let cycle: @Sendable (_ tag: Tag, _ changes: Changes) -> [NinePStep]

  struct Held: Sendable {
    let name: @Sendable (_ tag: Tag) -> String
    /// Nil where it isn't opened.
    let access: OpenFlags.Access?

    init(_ name: String, _ access: OpenFlags.Access) {
      self.name = { _ in name }
      self.access = access
    }

    init(_ name: @escaping @Sendable (_ tag: Tag) -> String) {
      self.name = name
      access = nil
    }
  }

  /// How a server has files renamed and removed. Linux's client tries the first, and where it is refused the second.
  enum Changes {
    /// By directory and name: `Trenameat` and `Tunlinkat`.
    case byName
    /// By a fid of the file: `Trename` and `Tremove`. diod 1.0.24 has no other, and ours hasn't these.
    case byFid
  }

  init(
    _ name: String, unitsPerCycle: Int = 1, held: Held? = nil,
    _ cycle: @escaping @Sendable (_ tag: Tag, _ changes: Changes) -> [NinePStep]
  ) {
    self.name = name
    self.unitsPerCycle = unitsPerCycle
    self.held = held
    self.cycle = cycle
  }

  /// Whether each operation is a thousand entries.
  var isListing: Bool { held?.access == .read }

  /// A lane's fid for what it holds.
  static func heldFid(_ tag: Tag) -> Fid { Fid(rawValue: 1000 + UInt32(tag.rawValue)) }
  /// A lane's fid for what comes and goes.
  private static func fid(_ tag: Tag) -> Fid { Fid(rawValue: 2000 + UInt32(tag.rawValue)) }

  /// What a client does with names.
  static let metadata = [look, create, list, rename]

  private static let look = NinePWorkload("walk+getattr+clunk") { tag, _ in
    let fid = fid(tag)
    return [
      NinePStep(NinePFrame.walk(from: NinePConnection.root, to: NinePShare.file, fid, tag: tag), .walk(1)),
      NinePStep(NinePFrame.encoded(.getattr(fid: fid, fields: .basic), tag: tag), .size(NinePShare.fileSize)),
      NinePStep(NinePFrame.encoded(.clunk(fid: fid), tag: tag), .done),
    ]
  }

  private static let create = NinePWorkload("create+remove") { tag, changes in
    let fid = fid(tag)
    let (file, name) = ("new-\(tag.rawValue)", Array("new-\(tag.rawValue)".utf8))
    let made = [
      NinePStep(NinePFrame.walk(from: NinePConnection.root, to: nil, fid, tag: tag), .walk(0)),
      NinePStep(
        NinePFrame.encoded(
          .lcreate(
            fid: fid, name: NinePFrame.name(name.span), flags: OpenFlags(.readWrite, with: .exclusive), mode: 0o644,
            gid: 0),
          tag: tag),
        .opened),
      NinePStep(NinePFrame.encoded(.clunk(fid: fid), tag: tag), .done),
    ]
    switch changes {
    case .byName:
      return made + [
        NinePStep(
          NinePFrame.encoded(
            .unlinkat(directory: NinePConnection.root, name: NinePFrame.name(name.span), flags: []), tag: tag), .done)
      ]
    case .byFid:
      return made + [
        NinePStep(NinePFrame.walk(from: NinePConnection.root, to: file, fid, tag: tag), .walk(1)),
        NinePStep(NinePFrame.encoded(.remove(fid: fid), tag: tag), .done),
      ]
    }
  }

  private static let list = NinePWorkload("readdir of \(NinePShare.entries)", held: Held(NinePShare.many, .read)) {
    tag, _ in
    let request = Request.readdir(fid: heldFid(tag), cookie: 0, count: 65_536 - MessageSize.headerRoom)
    return [NinePStep(NinePFrame.encoded(request, tag: tag), .list)]
  }

  private static let rename = NinePWorkload(
    "rename", unitsPerCycle: 2, held: Held { NinePShare.renamed($0.rawValue) }
  ) { tag, changes in
    let (one, other) = (Array(NinePShare.renamed(tag.rawValue).utf8), Array("other-\(tag.rawValue)".utf8))
    func step(_ from: [UInt8], _ to: [UInt8]) -> NinePStep {
      let root = NinePConnection.root
      return switch changes {
      case .byName:
        NinePStep(
          NinePFrame.encoded(
            .renameat(
              oldDirectory: root, oldName: NinePFrame.name(from.span), newDirectory: root,
              newName: NinePFrame.name(to.span)), tag: tag), .done)
      case .byFid:
        NinePStep(
          NinePFrame.encoded(.rename(fid: heldFid(tag), directory: root, name: NinePFrame.name(to.span)), tag: tag),
          .done)
      }
    }
    return [step(one, other), step(other, one)]
  }

  /// Reads so many bytes at once.
  static func read(_ size: Int) -> NinePWorkload {
    NinePWorkload("read", held: Held(NinePShare.data, .read)) { tag, _ in
      let request = Request.read(fid: heldFid(tag), offset: 0, count: UInt32(size))
      return [NinePStep(NinePFrame.encoded(request, tag: tag), .read(size))]
    }
  }

  /// Writes so many bytes at once.
  static func write(_ size: Int) -> NinePWorkload {
    NinePWorkload("write", held: Held(NinePShare.written, .write)) { tag, _ in
      let data = [UInt8](repeating: 0x5a, count: size)
      let request = Request.write(fid: heldFid(tag), offset: 0, data: data.span)
      return [NinePStep(NinePFrame.encoded(request, tag: tag), .write(size))]
    }
  }
}

/// One request of a cycle, and what its reply has to be.
final class NinePStep {
  enum Kind {
    case done, opened
    /// So many qids.
    case walk(Int)
    /// Attributes of a file of so many bytes.
    case size(Int)
    /// Entries: asked for until there are no more.
    case list
    case read(Int)
    case write(Int)
  }

  let frame: NinePFrame
  let kind: Kind

  init(_ frame: [UInt8], _ kind: Kind) {
    self.frame = NinePFrame(frame)
    self.kind = kind
  }
}
