import Export
import Linux
import NinePProtocol
import Serving
import SystemPackage
import Wire

// What lists and changes directories.
extension Session where Files: ~Copyable {
  /// Makes a directory, node or symbolic link.
  mutating func make(_ request: borrowing Request) throws(Errno) -> Outcome {
    switch request {
    case .mkdir(let directory, let text, let mode, let gid):
      let (index, owner) = try place(directory, text, gid: gid)
      return try files.makeDirectory(name, in: fids.files[index].object, mode: mode, as: owner)
    case .mknod(let directory, let text, let mode, let major, let minor, let gid):
      let (index, owner) = try place(directory, text, gid: gid)
      guard major <= 0xfff, minor <= 0xf_ffff else { throw .invalidArgument }
      let device = UInt64(minor & 0xff | major << 8 | (minor & ~0xff) << 12)
      return try files.makeNode(
        name, in: fids.files[index].object, mode: mode, device: device, as: owner)
    case .symlink(let directory, let text, let target, let gid):
      let (index, owner) = try place(directory, text, gid: gid)
      try other.set(target)
      return try files.makeSymbolicLink(name, in: fids.files[index].object, target: other, as: owner)
    default:
      throw .notSupported
    }
  }

  /// Where something is to be made, and whose it will be. Its name is ``name``.
  private mutating func place(
    _ directory: Fid, _ text: Name, gid: UInt32
  ) throws(Errno) -> (index: Int, owner: Identity) {
    let index = try self.directory(directory)
    try name.set(text.bytes)
    return (index, try terms.authority.identity(user: fids.files[index].user, gid: gid))
  }

  /// Where a fid is that denotes a file; the kernel says whether that is a directory.
  private func directory(_ fid: Fid) throws(Errno) -> Int {
    let index = try fids.index(of: fid)
    try fids.files[index].requireFile()
    return index
  }

  mutating func link(_ directory: Fid, _ fid: Fid, _ text: Name) throws(Errno) -> Outcome {
    let (into, object) = (try self.directory(directory), try self.directory(fid))
    try name.set(text.bytes)
    return try files.link(fids.files[object].object, as: name, in: fids.files[into].object)
  }

  mutating func rename(
    _ oldDirectory: Fid, _ oldName: Name, _ newDirectory: Fid, _ newName: Name
  ) throws(Errno) -> Outcome {
    let (from, to) = (try directory(oldDirectory), try directory(newDirectory))
    try name.set(oldName.bytes)
    try other.set(newName.bytes)
    return try files.rename(name, in: fids.files[from].object, to: other, in: fids.files[to].object)
  }

  /// Renames a fid's file. Linux uses ``rename(_:_:_:_:)``.
  mutating func rename(_ fid: Fid, to directory: Fid, _ text: Name) throws(Errno) -> Outcome {
    let (object, to) = (try self.directory(fid), try self.directory(directory))
    try name.set(text.bytes)
    return try files.rename(fids.files[object].object, to: name, in: fids.files[to].object)
  }

  /// Removes a fid's file. Linux uses ``unlink(_:_:_:)``. Whatever this throws, the fid has gone.
  mutating func remove(_ fid: Fid) throws(Errno) -> Outcome {
    let file = try fids.remove(fid)
    let outcome: Outcome
    do throws(Errno) {
      try file.requireFile()
      outcome = try files.remove(file.object)
    } catch {
      discard(file)
      throw error
    }
    discard(file)
    return outcome
  }

  mutating func unlink(_ directory: Fid, _ text: Name, _ flags: UnlinkFlags) throws(Errno) -> Outcome {
    guard flags.isSubset(of: .directory) else { throw .invalidArgument }
    let index = try self.directory(directory)
    try name.set(text.bytes)
    return try files.remove(name, in: fids.files[index].object, isDirectory: flags.contains(.directory))
  }

  /// Lists a directory on from an offset, which is the kernel's own.
  mutating func readDirectory(
    _ fid: Fid, _ offset: UInt64, _ count: UInt32, _ writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    let index = try fids.index(of: fid)
    guard case .directory(let position) = fids.files[index].use else { throw .badFileDescriptor }
    // From the start it begins anew, with what is there now.
    let start = offset != position || offset == 0 ? offset : nil
    let room = MessageSize.data(count, within: messageSize)
    // An entry of the reply is longer than the kernel's by a sixth at most: what is read at once fits. Only where the
    // client has little room is one read that may not fit.
    let size = min(max(room / 7 * 6, Self.longestEntry), scratch.capacity)
    let read = try fids.list(index, from: start, size: size, by: files, into: &scratch)
    let device = fids.files[index].device
    var packer = DirectoryPacker(limit: room)
    var end = offset
    var isFull = false
    var entries = KernelEntries(scratch.span(0..<read))
    while !isFull, let entry = entries.next() {
      let packed = DirectoryEntry(
        qid: Qid(kind: Qid.Kind(type: entry.type), version: 0, path: path(device, entry.inode)), cookie: entry.cookie,
        kind: DirectoryEntry.Kind(rawValue: entry.type), name: entry.name)
      var space = outbox.space(at: 0, Frame.dataOffset + room)
      isFull = !packer.append(packed, to: &space)
      if !isFull { end = entry.cookie }
    }
    // What wasn't packed is read again.
    fids.files[index].use = .directory(position: isFull ? .max : end)
    // No entries would mean the end.
    if read > 0, packer.count == 0 { throw .invalidArgument }
    let count = packer.count
    outbox.put { buffer in writer.data(count: count, into: &buffer) }
  }

  /// Bytes of the kernel's entry for the longest name.
  private static var longestEntry: Int { 280 }
}

extension FidTable {
  /// Reads up to `size` bytes of entries of the directory that is open at an index, as ``Export/FileSystem/list(_:from:into:)``.
  fileprivate func list<Files: FileSystem & ~Copyable>(
    _ index: Int, from cookie: UInt64?, size: Int, by files: borrowing Files, into buffer: inout Buffer
  ) throws(Errno) -> Int {
    var space = buffer.mutableSpan(0..<size)
    return try files.list(self.files[index].object.descriptor, from: cookie, into: &space)
  }
}

extension Qid.Kind {
  /// Of what a directory says of an entry.
  fileprivate init(type: UInt8) {
    switch DirectoryEntry.Kind(rawValue: type) {
    case .directory: self = .directory
    case .symbolicLink: self = .symbolicLink
    default: self = .file
    }
  }
}
